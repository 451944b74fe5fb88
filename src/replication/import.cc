// Taking a set over from another controller.
#include <algorithm>

#include "replication/checks.h"
#include "replication/limits.h"
#include "replication/state.h"

namespace gantry::replication {

Applied State::import(const ImportReplicaSet& command) {
  ReplicaSet coming;
  coming.cluster_name = command.cluster_name;
  coming.broker_name = command.broker_name;
  coming.next_broker_id = command.next_broker_id;
  coming.master_id = command.master_id;
  coming.master_epoch = command.master_epoch;
  coming.sync_state_set_epoch = command.sync_state_set_epoch;
  coming.sync_state_set = sorted_ids(command.sync_state_set);
  coming.members = command.members;
  std::ranges::sort(coming.members, {}, &Member::broker_id);

  ReplicaSet* set = sets_.find(command.broker_name);
  if (auto refused = refuse_other_cluster(command.cluster_name, set)) return *std::move(refused);
  if (set != nullptr) {
    const bool same = set->master_id == coming.master_id && set->master_epoch == coming.master_epoch &&
                      set->sync_state_set_epoch == coming.sync_state_set_epoch &&
                      set->sync_state_set == coming.sync_state_set && set->members == coming.members &&
                      set->next_broker_id == coming.next_broker_id;
    if (!same) {
      return refuse(*set, Verdict::invalid_request,
                    "{} is known here already, and differs: clean it first if the other controller is right",
                    set->broker_name);
    }
    return Applied{.outcome = answer_of(*set), .role_changed = {}};
  }
  if (const std::string fault = fault_of(coming); !fault.empty()) {
    return refuse(Verdict::invalid_request, "{} cannot be imported: {}", coming.broker_name, fault);
  }
  if (coming.master_epoch > kImportedEpochMax || coming.sync_state_set_epoch > kImportedEpochMax) {
    return refuse(Verdict::invalid_request, "{} cannot be imported: epochs above {} leave too few to go on with",
                  coming.broker_name, kImportedEpochMax);
  }
  if (sets_.size() >= kReplicaSetsMax) {
    return refuse(Verdict::invalid_request, "this controller holds {} broker sets, the most it can: clean old ones",
                  sets_.size());
  }
  // A set of this name was here before: its ids and epochs are used up.
  if (const auto before = retired_.find(command.broker_name); before != retired_.end()) {
    coming.next_broker_id = std::max(coming.next_broker_id, before->second.next_broker_id);
    if (coming.master_epoch <= before->second.master_epoch) coming.master_epoch = before->second.master_epoch + 1;
    if (coming.sync_state_set_epoch <= before->second.sync_state_set_epoch) {
      coming.sync_state_set_epoch = before->second.sync_state_set_epoch + 1;
    }
    retired_.erase(before);
  }
  coming.elections.push_back({.master_epoch = coming.master_epoch,
                              .new_master = coming.master_id,
                              .reason = ElectionReason::imported,
                              .proposed_at_ms = command.proposed_at_ms});
  ReplicaSet& stored = sets_.add(command.broker_name) = std::move(coming);
  Applied applied{.outcome = answer_of(stored), .role_changed = {}};
  applied.outcome.changed = true;
  return applied;
}

}  // namespace gantry::replication
