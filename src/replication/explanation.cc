#include "replication/explanation.h"

#include <fmt/format.h>

#include <limits>
#include <ranges>

#include "base/words.h"

namespace gantry::replication {
namespace {

std::string_view words_of(ElectionReason reason) {
  switch (reason) {
    case ElectionReason::broker_asked: return "a broker asked";
    case ElectionReason::operator_designated: return "designated by an operator";
    case ElectionReason::operator_asked: return "an operator asked for an election";
    case ElectionReason::connection_closed: return "the connection of the master closed";
    case ElectionReason::silent: return "the heartbeats of the master stopped";
    case ElectionReason::expired: return "a new leader heard nothing of the master";
    case ElectionReason::member_returned: return "a member came back while there was no master";
    case ElectionReason::master_cleaned: return "the master was cleaned by an operator";
    case ElectionReason::address_changed: return "the master was started anew under another address";
    case ElectionReason::imported: return "taken over from another controller";
  }
  return "unknown reason";
}

std::string_view words_of(CandidateVerdict verdict) {
  switch (verdict) {
    case CandidateVerdict::elected: return "elected";
    case CandidateVerdict::not_in_sync: return "not in sync";
    case CandidateVerdict::not_alive: return "not alive";
    case CandidateVerdict::not_designated: return "another one was asked for";
    case CandidateVerdict::lower_epoch: return "its data is of an older epoch";
    case CandidateVerdict::lower_offset: return "it has less data";
    case CandidateVerdict::lower_priority: return "its brokerElectionPriority is a higher number";
    case CandidateVerdict::not_previous: return "the same data, but it was not the master before";
    case CandidateVerdict::higher_id: return "the same data, but a higher id";
    case CandidateVerdict::master_stays: return "the current master stays";
  }
  return "unknown";
}

bool was_elected(ElectionReason reason) {
  return reason != ElectionReason::master_cleaned && reason != ElectionReason::address_changed &&
         reason != ElectionReason::imported;
}

}  // namespace

std::string line_of(const ElectionRecord& record) {
  std::string line = record.new_master ? fmt::format("master {} (epoch {})", *record.new_master, record.master_epoch)
                                       : fmt::format("no master (epoch {})", record.master_epoch);
  if (record.old_master) line += fmt::format(" instead of {}", *record.old_master);
  line += fmt::format(": {}", words_of(record.reason));
  if (record.first) line += ", the first master of the set";
  if (record.unclean) line += "; unclean: no live broker was in sync, messages may be lost";
  if (!record.new_master && was_elected(record.reason)) line += "; no live broker is in sync";
  return line;
}

std::string line_of(const Candidate& candidate) {
  const BrokerFacts& facts = candidate.facts;
  std::string line = fmt::format("{}: {} ({}", facts.broker_id, words_of(candidate.verdict),
                                 candidate.in_sync ? "in sync" : "not in sync");
  line += facts.epoch < 0 ? std::string(", epoch unknown") : fmt::format(", epoch {}", facts.epoch);
  line +=
      facts.max_offset < 0 ? std::string(", offset unknown") : fmt::format(", offset {}", grouped(facts.max_offset));
  if (facts.priority != std::numeric_limits<std::int32_t>::max()) line += fmt::format(", priority {}", facts.priority);
  return line + ")";
}

std::vector<std::string> explain(const ReplicaSet& set) {
  if (set.elections.empty()) {
    return {fmt::format("{} never had a master: the first of its brokers that asks becomes it", set.broker_name)};
  }
  std::vector<std::string> lines{line_of(set.elections.back())};
  for (const Candidate& candidate : set.candidates) lines.push_back("  " + line_of(candidate));
  for (const ElectionRecord& record : set.elections | std::views::reverse | std::views::drop(1)) {
    lines.push_back("before: " + line_of(record));
  }
  return lines;
}

}  // namespace gantry::replication
