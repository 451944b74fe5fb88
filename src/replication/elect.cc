// 1002 and the controller's own triggers: holds the election and makes what it says true.
#include "replication/checks.h"
#include "replication/election.h"
#include "replication/limits.h"
#include "replication/state.h"

namespace gantry::replication {
namespace {

bool asked_by_broker(const ElectMaster& command) { return command.reason == ElectionReason::broker_asked; }
bool designated(const ElectMaster& command) { return command.reason == ElectionReason::operator_designated; }
bool names_the_lost(const ElectMaster& command) {
  return command.reason == ElectionReason::connection_closed || command.reason == ElectionReason::silent ||
         command.reason == ElectionReason::expired;
}

// A set that never had a master has nothing to lose: whoever asks first becomes it, and is alive since it asks. A trigger
// of the controller elects nobody, since nobody was lost; an operator, or a member that is back, gets the best one.
ElectionResult elect_first(const ReplicaSet& set, const ElectMaster& command) {
  ReplicaSet open = set;  // all members count as in sync with nothing
  for (const Member& member : set.members) open.sync_state_set.push_back(member.broker_id);
  std::vector<BrokerFacts> facts = command.facts;
  std::optional<std::int64_t> wanted;
  if (asked_by_broker(command) || designated(command)) wanted = command.broker_id;
  if (asked_by_broker(command)) {
    BrokerFacts asking = facts_of(facts, *command.broker_id);
    asking.alive = true;
    facts.insert(facts.begin(), asking);
  }
  if (names_the_lost(command)) facts.clear();
  ElectionResult result = elect(open, {.facts = facts, .designated = wanted});
  for (Candidate& candidate : result.candidates) candidate.in_sync = false;
  return result;
}

std::string ids_alive(const ElectMaster& command, const ReplicaSet& set) {
  std::vector<std::int64_t> ids;
  for (const Member& member : set.members) {
    if (is_alive(command.facts, member.broker_id)) ids.push_back(member.broker_id);
  }
  return ids.empty() ? "none" : fmt::format("{}", fmt::join(ids, ", "));
}

std::string why_nobody(const ReplicaSet& set, const ElectMaster& command) {
  if (set.sync_state_set.empty()) {
    return fmt::format("no broker of {} was master yet: the first one that is started and asks becomes it",
                       set.broker_name);
  }
  const std::string alive = ids_alive(command, set);
  if (designated(command)) {
    const std::int64_t id = *command.broker_id;
    if (set.member(id) == nullptr) return fmt::format("broker {} is not a member of {}", id, set.broker_name);
    if (!is_alive(command.facts, id)) {
      return fmt::format("broker {} of {} sends no heartbeats: start it, or designate one that is alive ({})", id,
                         set.broker_name, alive);
    }
    return fmt::format("broker {} is not in the sync-state set {} of {}: wait until it has caught up with the master",
                       id, set.sync_state_set, set.broker_name);
  }
  return fmt::format(
      "no member of the sync-state set {} of {} is alive (alive: {}): start one of them, or set "
      "enableElectUncleanMaster=true to elect another one, which loses what only they have",
      set.sync_state_set, set.broker_name, alive);
}

}  // namespace

Applied State::elect(const ElectMaster& command) {
  ReplicaSet* set = sets_.find(command.broker_name);
  if (auto refused = refuse_other_cluster(command.cluster_name, set)) return *std::move(refused);
  if (set == nullptr) {
    return refuse(Verdict::broker_need_to_be_registered,
                  "broker set {} is not known here: its brokers must apply for an id and register first",
                  command.broker_name);
  }
  if (command.expected_master_epoch && *command.expected_master_epoch != set->master_epoch) {
    return refuse(*set, Verdict::fenced_master_epoch,
                  "the election was asked for at master epoch {} of {}, which is at {} now: nothing to do",
                  *command.expected_master_epoch, set->broker_name, set->master_epoch);
  }
  if (asked_by_broker(command) && set->member(*command.broker_id) == nullptr) {
    return refuse(*set, Verdict::broker_need_to_be_registered,
                  "broker {} is not a member of {}: it must apply for an id and register first", *command.broker_id,
                  set->broker_name);
  }
  if (names_the_lost(command) && set->master_id && set->master_id != command.broker_id) {
    return refuse(*set, Verdict::master_still_exist, "broker {} of {} is gone, but {} is the master: nothing to elect",
                  *command.broker_id, set->broker_name, *set->master_id);
  }

  const bool first = set->sync_state_set.empty();
  ElectionResult result =
      first ? elect_first(*set, command)
            : replication::elect(*set, {.facts = command.facts,
                                        .designated = designated(command) ? command.broker_id : std::nullopt,
                                        .unclean_allowed = command.unclean_allowed});
  if (result.kept) {
    return refuse(*set, Verdict::master_still_exist, "master {} of {} is alive and in sync: it stays", *set->master_id,
                  set->broker_name);
  }
  // Whoever asks for somebody does not take the mastership away when that fails: only a loss, or its finding, does.
  const bool asked = asked_by_broker(command) || designated(command);
  if (!result.master && (asked || !set->master_id)) {
    return refuse(*set, asked ? Verdict::elect_master_failed : Verdict::master_not_available, "{}",
                  why_nobody(*set, command));
  }
  if (set->master_epoch == kEpochMax || (result.master && set->sync_state_set_epoch == kEpochMax)) {
    return refuse(*set, Verdict::invalid_request, "{} has used up its epochs: move to another broker name",
                  set->broker_name);
  }

  Applied applied;
  if (result.master) {
    set->sync_state_set = {*result.master};
    ++set->sync_state_set_epoch;
  } else {
    applied.outcome.remark = why_nobody(*set, command);
  }
  applied.role_changed = begin_epoch(*set, result.master,
                                     {.reason = command.reason,
                                      .first = first,
                                      .unclean = result.unclean && !first,
                                      .proposed_at_ms = command.proposed_at_ms},
                                     std::move(result.candidates));
  std::string remark = std::move(applied.outcome.remark);
  applied.outcome = answer_of(*set);
  applied.outcome.remark = std::move(remark);
  applied.outcome.changed = true;
  applied.outcome.verdict = result.master ? Verdict::success : Verdict::master_not_available;
  if (result.master) applied.outcome.members = addresses_of(*set);
  return applied;
}

}  // namespace gantry::replication
