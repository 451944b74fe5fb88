// 1011: the operator takes members, or a whole set, out of the controller's memory.
#include <algorithm>

#include "replication/checks.h"
#include "replication/limits.h"
#include "replication/state.h"

namespace gantry::replication {

void State::retire(const ReplicaSet& set) {
  if (retired_.size() >= kRetiredSetsMax) {
    retired_.erase(std::ranges::min_element(retired_, {}, [](const auto& entry) { return entry.second.order; }));
  }
  std::uint64_t order = 1;
  for (const auto& [name, other] : retired_) order = std::max(order, other.order + 1);
  retired_[set.broker_name] = {set.next_broker_id, set.master_epoch, set.sync_state_set_epoch, order};
  sets_.erase(set.broker_name);
}

Applied State::clean(const CleanBrokerData& command) {
  ReplicaSet* set = sets_.find(command.broker_name);
  if (auto refused = refuse_other_cluster(command.cluster_name, set)) return *std::move(refused);
  if (set == nullptr) {
    return refuse(Verdict::invalid_clean_broker_metadata, "broker set {} is not known here: check the broker name",
                  command.broker_name);
  }
  std::vector<std::int64_t> going;
  for (const Member& member : set->members) {
    if (command.broker_ids.empty() ||
        std::ranges::find(command.broker_ids, member.broker_id) != command.broker_ids.end()) {
      going.push_back(member.broker_id);
    }
  }
  if (!command.clean_living_broker) {
    for (const std::int64_t id : going) {
      if (is_alive(command.facts, id)) {
        return refuse(*set, Verdict::invalid_clean_broker_metadata,
                      "broker {} of {} is still alive: stop it first, or clean living brokers too (-l of "
                      "cleanBrokerMetadata)",
                      id, set->broker_name);
      }
    }
  }
  Applied applied;
  if (going.empty()) {  // done before: asked again after a lost answer
    applied.outcome = answer_of(*set);
    return applied;
  }
  if (going.size() == set->members.size()) {
    retire(*set);
    applied.outcome.changed = true;
    return applied;
  }

  std::vector<std::int64_t> in_sync;
  std::ranges::set_difference(set->sync_state_set, going, std::back_inserter(in_sync));
  const bool shrinks = in_sync.size() != set->sync_state_set.size();
  if (shrinks && in_sync.empty()) {
    return refuse(
        *set, Verdict::invalid_clean_broker_metadata,
        "without the brokers {} nobody of {} is in sync, so nobody could be elected: first elect another master "
        "(enableElectUncleanMaster=true lets one that is behind be it), or clean the whole set",
        set->sync_state_set, set->broker_name);
  }
  const bool masterless = set->master_id && std::ranges::binary_search(going, *set->master_id);
  if ((shrinks && set->sync_state_set_epoch == kEpochMax) || (masterless && set->master_epoch == kEpochMax)) {
    return refuse(*set, Verdict::invalid_request, "{} has used up its epochs: move to another broker name",
                  set->broker_name);
  }
  std::erase_if(set->members,
                [&](const Member& member) { return std::ranges::binary_search(going, member.broker_id); });
  if (shrinks) {
    set->sync_state_set = std::move(in_sync);
    ++set->sync_state_set_epoch;
  }
  if (masterless) {
    applied.role_changed = begin_epoch(
        *set, std::nullopt, {.reason = ElectionReason::master_cleaned, .proposed_at_ms = command.proposed_at_ms}, {});
  }
  applied.outcome = answer_of(*set);
  applied.outcome.changed = true;
  return applied;
}

}  // namespace gantry::replication
