// 1001: the master says which of its slaves are in sync. The order of the checks is the Java controller's
// (ReplicasInfoManager.alterSyncStateSet), because it decides which code a broker sees.
#include <algorithm>

#include "replication/checks.h"
#include "replication/limits.h"
#include "replication/state.h"

namespace gantry::replication {

Applied State::alter(const AlterSyncStateSet& command) {
  ReplicaSet* set = sets_.find(command.broker_name);
  if (set == nullptr) {
    return refuse(Verdict::alter_sync_state_set_failed,
                  "broker set {} is not known here: its brokers must apply for an id and register first",
                  command.broker_name);
  }
  std::vector<std::int64_t> proposed = sorted_ids(command.sync_state_set);
  if (proposed == set->sync_state_set) {
    return refuse(*set, Verdict::alter_sync_state_set_failed,
                  "the sync-state set of {} is already {}: there is nothing to alter", set->broker_name, proposed);
  }
  if (!set->master_id || *set->master_id != command.master_id) {
    return refuse(*set, Verdict::invalid_master,
                  "broker {} is not the master of {}, which is {}: ask for its replica info", command.master_id,
                  set->broker_name, set->master_id ? fmt::to_string(*set->master_id) : "nobody");
  }
  if (command.master_epoch != set->master_epoch) {
    return refuse(*set, Verdict::fenced_master_epoch,
                  "master epoch {} is not that of {}, which is {}: ask for its replica info", command.master_epoch,
                  set->broker_name, set->master_epoch);
  }
  if (command.sync_state_set_epoch != set->sync_state_set_epoch) {
    return refuse(*set, Verdict::fenced_sync_state_set_epoch,
                  "sync-state set epoch {} is not that of {}, which is {}: ask for its replica info and propose again",
                  command.sync_state_set_epoch, set->broker_name, set->sync_state_set_epoch);
  }
  for (const std::int64_t id : proposed) {
    if (set->member(id) == nullptr) {
      return refuse(*set, Verdict::invalid_replicas,
                    "broker {} is not a member of {}: it must register before it can be in sync", id, set->broker_name);
    }
    if (!is_alive(command.facts, id)) {
      return refuse(*set, Verdict::broker_not_alive,
                    "broker {} of {} sends no heartbeats to this controller: propose again when it does", id,
                    set->broker_name);
    }
  }
  if (!std::ranges::binary_search(proposed, *set->master_id)) {
    return refuse(*set, Verdict::alter_sync_state_set_failed,
                  "the proposed sync-state set {} of {} leaves out its master {}: a master is in sync with itself",
                  proposed, set->broker_name, *set->master_id);
  }
  if (set->sync_state_set_epoch == kEpochMax) {
    return refuse(*set, Verdict::invalid_request, "{} has used up its epochs: move to another broker name",
                  set->broker_name);
  }
  set->sync_state_set = std::move(proposed);
  ++set->sync_state_set_epoch;
  Applied applied{.outcome = answer_of(*set), .role_changed = {}};
  applied.outcome.changed = true;
  return applied;
}

}  // namespace gantry::replication
