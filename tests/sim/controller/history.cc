#include "sim/controller/history.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/controller/versions.h"

namespace gantry::sim {

namespace {

constexpr std::size_t kStepsMax = 400'000;  // of a replica set's history

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

std::string describe_facts(const std::vector<replication::BrokerFacts>& all) {
  std::string out;
  for (const auto& facts : all) {
    out += fmt::format(" {}{}:{}/{}", facts.broker_id, facts.alive ? "+" : "-", facts.epoch, facts.max_offset);
  }
  return out;
}

std::string describe_set(const replication::ReplicaSet& set) {
  return fmt::format("master {} epoch {} in sync {} epoch {} next id {}, {} members", set.master_id.value_or(0),
                     set.master_epoch, fmt::join(set.sync_state_set, ","), set.sync_state_set_epoch, set.next_broker_id,
                     set.members.size());
}

}  // namespace

std::string describe(const ReplicaSetModel::Input& input) {
  if (const auto* read = std::get_if<Read>(&input)) return fmt::format("read {}", static_cast<int>(read->kind));
  return std::visit(
      Overloaded{
          [](const replication::AlterSyncStateSet& it) {
            return fmt::format("alter by {} in {}: {} at {}, facts{}", it.master_id, it.master_epoch,
                               fmt::join(it.sync_state_set, ","), it.sync_state_set_epoch, describe_facts(it.facts));
          },
          [](const replication::ElectMaster& it) {
            return fmt::format("elect ({}) broker {} expecting {}, facts{}", to_string(it.reason),
                               it.broker_id.value_or(0), it.expected_master_epoch.value_or(-1),
                               describe_facts(it.facts));
          },
          [](const replication::ApplyBrokerId& it) { return fmt::format("apply for id {}", it.broker_id); },
          [](const replication::RegisterBroker& it) {
            return fmt::format("register {} at {}", it.broker_id, it.address);
          },
          [](const replication::CleanBrokerData& it) { return fmt::format("clean {}", fmt::join(it.broker_ids, ",")); },
          [](const replication::ImportReplicaSet&) { return std::string("import"); }},
      std::get<replication::Command>(input));
}

std::string describe(const Answer& answer) {
  return std::visit(
      Overloaded{[](const replication::Applied& it) {
                   return fmt::format("{}, master {} epoch {} in sync {} epoch {}", to_string(it.outcome.verdict),
                                      it.outcome.master_id.value_or(0), it.outcome.master_epoch,
                                      fmt::join(it.outcome.sync_state_set, ","), it.outcome.sync_state_set_epoch);
                 },
                 [](const replication::Outcome& it) {
                   return fmt::format("{}, master {} epoch {} in sync {} epoch {} next id {}", to_string(it.verdict),
                                      it.master_id.value_or(0), it.master_epoch, fmt::join(it.sync_state_set, ","),
                                      it.sync_state_set_epoch, it.next_broker_id);
                 },
                 [](const WholeSet& it) { return it ? describe_set(*it) : std::string("no such set"); }},
      answer);
}

History::Id History::called(std::string broker_name) {
  ops_.push_back({.broker_name = std::move(broker_name), .called = ++time_});
  return ops_.size() - 1;
}

void History::answered(Id op, Answer answer) {
  ops_[op].answer = std::move(answer);
  ops_[op].returned = ++time_;
}

void History::internal(const replication::Command& command) {
  const Id op = called(std::string(broker_name_of(command)));
  is(op, command);
}

void History::proposed(std::uint64_t node, std::uint64_t token, const std::string& entry) {
  const auto commands = decode_any(entry);
  auto& waiting = waiting_[node];
  std::vector<Id> ids;
  for (const auto& command : commands.value()) {
    const auto given = std::ranges::find_if(waiting, [&](Id id) {
      const auto* asked = std::get_if<replication::Command>(&*ops_[id].input);
      return asked && (*asked == command || as_old(*asked) == command);
    });
    if (given == waiting.end()) {
      internal(command);
      ids.push_back(ops_.size() - 1);
    } else {
      ops_[*given].input = command;  // as it was written, in an older version maybe
      ids.push_back(*given);
      waiting.erase(given);
    }
  }
  unplaced_[node][token] = {entry, std::move(ids)};
}

void History::placed(std::uint64_t node, std::uint64_t token, const Result<raft::Proposal>& proposal) {
  auto entry = unplaced_[node].extract(token);
  if (!entry.empty() && proposal) placed_[{proposal->index, proposal->term}] = std::move(entry.mapped().ops);
}

void History::crashed(std::uint64_t node) {
  for (auto& [token, entry] : unplaced_[node]) lost_.emplace(std::move(entry.bytes), std::move(entry.ops));
  unplaced_.erase(node);
  waiting_.erase(node);
}

void History::committed(raft::Index index, raft::Term term, const std::string& entry) {
  committed_[{index, term}] = entry;
}

void History::took_effect(raft::Index index, const std::vector<Id>& ops) {
  for (std::size_t i = 0; i < ops.size(); ++i) ops_[ops[i]].hint = index * kPlaces + i;
}

void History::take_hints() {
  for (const auto& [place, bytes] : committed_) {
    if (const auto known = placed_.find(place); known != placed_.end()) {
      took_effect(place.first, known->second);
    } else if (const auto lost = lost_.find(bytes); lost != lost_.end()) {
      took_effect(place.first, lost->second);
      lost_.erase(lost);
    }
  }
}

History::Verdict History::judge() {
  take_hints();
  Verdict verdict;
  std::map<std::string, std::vector<Operation<ReplicaSetModel>>> sets;
  for (const auto& op : ops_) {
    const bool read = op.input && std::holds_alternative<Read>(*op.input);
    if (op.refused && op.hint != kNever) {
      verdict.failure = fmt::format("a client was told that this surely did not happen, and it is in the log at {}: {}",
                                    op.hint / kPlaces, describe(*op.input));
      return verdict;
    }
    if (op.refused || !op.input || (read && !op.answer)) continue;
    sets[op.broker_name].push_back({*op.input, op.answer, op.called, op.returned, op.hint});
    ++verdict.operations;
    verdict.indeterminate += !op.answer;
  }
  for (const auto& [name, history] : sets) {
    const auto judgement = sim::judge<ReplicaSetModel>(history, {}, kStepsMax);
    verdict.steps += judgement.steps;
    if (judgement.finding == Finding::linearizable) continue;
    verdict.undecided += judgement.finding == Finding::undecided;
    auto text = fmt::format("the history of {} ({} operations) is {}; after {} in order none of these fits:", name,
                            history.size(), judgement.finding == Finding::undecided ? "undecided" : "not linearizable",
                            judgement.longest);
    for (const std::size_t i : judgement.stuck) {
      const auto& op = history[i];
      text += fmt::format("\n  [{}, {}] {} -> {}", op.called,
                          op.returned == kNever ? std::string("?") : std::to_string(op.returned), describe(op.input),
                          op.output ? describe(*op.output) : "?");
    }
    if (!verdict.failure || judgement.finding == Finding::not_linearizable) verdict.failure = std::move(text);
  }
  return verdict;
}

}  // namespace gantry::sim
