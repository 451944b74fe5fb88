#include "replication/election.h"

#include <algorithm>

namespace gantry::replication {
namespace {

struct Rank {
  const BrokerFacts& facts;
  bool previous = false;
};

// Why `other` is behind `elected`, both of the same pool.
CandidateVerdict behind(const Rank& elected, const Rank& other) {
  if (other.facts.epoch != elected.facts.epoch) return CandidateVerdict::lower_epoch;
  if (other.facts.max_offset != elected.facts.max_offset) return CandidateVerdict::lower_offset;
  if (other.facts.priority != elected.facts.priority) return CandidateVerdict::lower_priority;
  if (other.previous != elected.previous) return CandidateVerdict::not_previous;
  return CandidateVerdict::higher_id;
}

bool before(const Rank& one, const Rank& other) {
  if (one.facts.epoch != other.facts.epoch) return one.facts.epoch > other.facts.epoch;
  if (one.facts.max_offset != other.facts.max_offset) return one.facts.max_offset > other.facts.max_offset;
  if (one.facts.priority != other.facts.priority) return one.facts.priority < other.facts.priority;
  if (one.previous != other.previous) return one.previous;
  return one.facts.broker_id < other.facts.broker_id;
}

}  // namespace

ElectionResult elect(const ReplicaSet& set, const ElectionQuestion& question) {
  ElectionResult result;
  bool in_sync_alive = false;
  result.candidates.reserve(set.members.size());
  for (const Member& member : set.members) {
    Candidate candidate{.facts = facts_of(question.facts, member.broker_id), .in_sync = set.in_sync(member.broker_id)};
    in_sync_alive |= candidate.in_sync && candidate.facts.alive;
    result.candidates.push_back(candidate);
  }
  const bool unclean = !in_sync_alive && question.unclean_allowed;
  const auto eligible = [&](const Candidate& candidate) {
    return candidate.facts.alive && (candidate.in_sync || unclean);
  };
  const auto previous = set.master_id ? set.master_id : set.previous_master_id;
  const auto rank = [&](const Candidate& candidate) {
    return Rank{candidate.facts, candidate.facts.broker_id == previous};
  };

  const Candidate* elected = nullptr;
  for (const Candidate& candidate : result.candidates) {
    if (!eligible(candidate)) continue;
    const std::int64_t id = candidate.facts.broker_id;
    if (id == set.master_id && (!question.designated || id == question.designated)) {
      elected = &candidate;
      result.kept = true;
      break;
    }
    if (question.designated && id != question.designated) continue;
    if (elected == nullptr || before(rank(candidate), rank(*elected))) elected = &candidate;
  }
  if (elected != nullptr) {
    result.master = elected->facts.broker_id;
    result.unclean = !elected->in_sync;
  }

  for (Candidate& candidate : result.candidates) {
    if (&candidate == elected) {
      candidate.verdict = CandidateVerdict::elected;
    } else if (!candidate.facts.alive) {
      candidate.verdict = CandidateVerdict::not_alive;
    } else if (!eligible(candidate)) {
      candidate.verdict = CandidateVerdict::not_in_sync;
    } else if (result.kept) {
      candidate.verdict = CandidateVerdict::master_stays;
    } else if (question.designated) {
      candidate.verdict = CandidateVerdict::not_designated;
    } else {
      candidate.verdict = behind(rank(*elected), rank(candidate));
    }
  }
  return result;
}

}  // namespace gantry::replication
