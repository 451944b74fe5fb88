#include "replication/election.h"

#include <algorithm>

namespace gantry::replication {
namespace {

struct Rank {
  const BrokerFacts& facts;
  bool previous = false;
};

struct Comparison {
  bool first_wins = false;
  CandidateVerdict other;  // why the one that does not win is behind
};

// The order of candidates of one pool: by the first of these in which they differ.
Comparison compare(const Rank& one, const Rank& other) {
  const BrokerFacts& a = one.facts;
  const BrokerFacts& b = other.facts;
  if (a.epoch != b.epoch) return {a.epoch > b.epoch, CandidateVerdict::lower_epoch};
  if (a.max_offset != b.max_offset) return {a.max_offset > b.max_offset, CandidateVerdict::lower_offset};
  if (a.priority != b.priority) return {a.priority < b.priority, CandidateVerdict::lower_priority};
  if (one.previous != other.previous) return {one.previous, CandidateVerdict::not_previous};
  return {a.broker_id < b.broker_id, CandidateVerdict::higher_id};
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
    if (elected == nullptr || compare(rank(candidate), rank(*elected)).first_wins) elected = &candidate;
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
      candidate.verdict = compare(rank(*elected), rank(candidate)).other;
    }
  }
  return result;
}

}  // namespace gantry::replication
