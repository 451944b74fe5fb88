// The state machine of the controller: all replica sets, changed by commands alone. (state, command) → (state, outcome,
// effect), with no clock, no randomness and no order that depends on the machine, so that every controller that applies
// the same commands is in the same state, byte for byte of its snapshot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "replication/command.h"
#include "replication/outcome.h"
#include "replication/replica_set.h"
#include "replication/replica_sets.h"

namespace gantry::replication {

// What stays of a set that was cleaned: its ids are not given again, and epochs go on where they were, because its
// brokers ignore a smaller one.
struct RetiredSet {
  std::int64_t next_broker_id = 1;
  std::int32_t master_epoch = 0;
  std::int32_t sync_state_set_epoch = 0;
  std::uint64_t order = 0;  // of retirement: the oldest is forgotten at kRetiredSetsMax

  bool operator==(const RetiredSet&) const = default;
};

class State {
 public:
  using Sets = ReplicaSets::Ascending;  // by broker name
  using Retired = std::map<std::string, RetiredSet, std::less<>>;

  // Never fails and never throws over what a command contains: a command that makes no sense is refused with a verdict
  // and changes nothing. O(members) for a set that is known; O(log sets) for one that comes or goes.
  Applied apply(const Command& command);

  // Read-only queries. nullptr: unknown set.
  const ReplicaSet* find(std::string_view broker_name) const;
  const Sets& sets() const { return sets_.ascending(); }  // by name
  const Retired& retired() const { return retired_; }
  // 1004: success with master (none is possible), epochs and sync-state set; or broker_metadata_not_exist.
  Outcome replica_info(std::string_view broker_name) const;
  // 1012: the id that the next new broker has to apply for; kFirstBrokerId for an unknown set.
  Outcome next_broker_id(std::string_view cluster_name, std::string_view broker_name) const;

  // For snapshots: takes a state that was read from one. Fails with corrupt, naming the set, when it is none that apply
  // can lead to (an unknown master, a member of the sync-state set that is not registered, too many, …).
  static Result<State> restore(Sets sets, Retired retired);

  bool operator==(const State&) const = default;

 private:
  Applied alter(const AlterSyncStateSet& command);
  Applied elect(const ElectMaster& command);
  Applied apply_id(const ApplyBrokerId& command);
  Applied register_broker(const RegisterBroker& command);
  Applied clean(const CleanBrokerData& command);
  Applied import(const ImportReplicaSet& command);

  // A new, empty set that goes on where a cleaned one of that name was.
  ReplicaSet& found_set(const std::string& cluster_name, const std::string& broker_name);
  void retire(const ReplicaSet& set);

  ReplicaSets sets_;
  Retired retired_;
};

}  // namespace gantry::replication
