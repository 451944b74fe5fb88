#include "replication/state.h"

#include "replication/checks.h"
#include "replication/limits.h"
#include "replication/malformed.h"

namespace gantry::replication {

std::string_view broker_name_of(const Command& command) {
  return std::visit([](const auto& one) -> std::string_view { return one.broker_name; }, command);
}

Applied State::apply(const Command& command) {
  struct {
    State& state;
    Applied operator()(const AlterSyncStateSet& command) { return state.alter(command); }
    Applied operator()(const ElectMaster& command) { return state.elect(command); }
    Applied operator()(const ApplyBrokerId& command) { return state.apply_id(command); }
    Applied operator()(const RegisterBroker& command) { return state.register_broker(command); }
    Applied operator()(const CleanBrokerData& command) { return state.clean(command); }
    Applied operator()(const ImportReplicaSet& command) { return state.import(command); }
  } dispatch{*this};
  if (auto refused = refuse_malformed(command)) return Applied{.outcome = *std::move(refused), .role_changed = {}};
  return std::visit(dispatch, command);
}

const ReplicaSet* State::find(std::string_view broker_name) const { return sets_.find(broker_name); }

ReplicaSet& State::found_set(const std::string& cluster_name, const std::string& broker_name) {
  ReplicaSet& set = sets_.add(broker_name);
  set.cluster_name = cluster_name;
  set.broker_name = broker_name;
  if (const auto before = retired_.find(broker_name); before != retired_.end()) {
    set.next_broker_id = before->second.next_broker_id;
    set.master_epoch = before->second.master_epoch;
    set.sync_state_set_epoch = before->second.sync_state_set_epoch;
    retired_.erase(before);
  }
  return set;
}

Outcome State::replica_info(std::string_view broker_name) const {
  const ReplicaSet* set = find(broker_name);
  if (set != nullptr) return answer_of(*set);
  if (auto refused = refuse_broker_name(broker_name)) return std::move(refused->outcome);
  return refuse(Verdict::broker_metadata_not_exist,
                "broker set {} is not known here: its brokers must apply for an id and register first", broker_name)
      .outcome;
}

Outcome State::next_broker_id(std::string_view cluster_name, std::string_view broker_name) const {
  const ReplicaSet* set = find(broker_name);
  if (auto refused = refuse_broker_name(broker_name)) return std::move(refused->outcome);
  if (auto refused = refuse_other_cluster(cluster_name, set)) return std::move(refused->outcome);
  Outcome outcome;
  outcome.next_broker_id = kFirstBrokerId;
  if (set != nullptr) {
    outcome.next_broker_id = set->next_broker_id;
  } else if (const auto before = retired_.find(broker_name); before != retired_.end()) {
    outcome.next_broker_id = before->second.next_broker_id;
  }
  return outcome;
}

Result<State> State::restore(Sets sets, Retired retired) {
  if (sets.size() > kReplicaSetsMax) {
    return fail(Errc::corrupt, "{} replica sets are more than the {} there can be", sets.size(), kReplicaSetsMax);
  }
  if (retired.size() > kRetiredSetsMax) return fail(Errc::corrupt, "{} cleaned sets are too many", retired.size());
  for (const auto& [name, set] : sets) {
    if (name != set.broker_name) return fail(Errc::corrupt, "a replica set is stored under another name");
    if (const std::string fault = fault_of(set); !fault.empty()) {
      return fail(Errc::corrupt, "replica set {} is malformed: {}", name, fault);
    }
    if (retired.contains(name)) return fail(Errc::corrupt, "replica set {} is cleaned and there at once", name);
  }
  for (const auto& [name, set] : retired) {
    if (!is_name(name) || set.next_broker_id < kFirstBrokerId || set.next_broker_id > kBrokerIdMax ||
        set.master_epoch < 0 || set.sync_state_set_epoch < 0) {
      return fail(Errc::corrupt, "what is kept of a cleaned set is malformed");
    }
  }
  State state;
  state.sets_ = ReplicaSets(std::move(sets));
  state.retired_ = std::move(retired);
  return state;
}

}  // namespace gantry::replication
