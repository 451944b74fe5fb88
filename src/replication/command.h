// What can be proposed to the state machine. A command holds everything that its decision needs (facts, settings, the
// proposer's wall clock), so that all controllers decide alike, whenever they apply it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "replication/facts.h"
#include "replication/replica_set.h"

namespace gantry::replication {

// cluster_name in all of these: empty where the request has none (1001, a trigger of the controller); otherwise it must
// be the set's.

// 1001 CONTROLLER_ALTER_SYNC_STATE_SET.
struct AlterSyncStateSet {
  std::string broker_name;
  std::int64_t master_id = 0;  // the sender
  std::int32_t master_epoch = 0;
  std::int32_t sync_state_set_epoch = 0;     // that the sender saw
  std::vector<std::int64_t> sync_state_set;  // proposed; any order, doubles count once
  std::vector<BrokerFacts> facts;            // of at least the proposed members

  bool operator==(const AlterSyncStateSet&) const = default;
};

// 1002 CONTROLLER_ELECT_MASTER, and what the controller itself finds out.
struct ElectMaster {
  std::string cluster_name;
  std::string broker_name;
  ElectionReason reason = ElectionReason::broker_asked;  // 1 to 7 of them
  // broker_asked: who asks. operator_designated: who shall be it. connection_closed, silent, expired: who was lost (when
  // that is not the master, nothing happens). Otherwise none.
  std::optional<std::int64_t> broker_id;
  std::vector<BrokerFacts> facts;  // of all replicas known to the proposer
  bool unclean_allowed = false;    // enableElectUncleanMaster of the proposer
  // The master epoch on which the decision to ask was made: with another one now, nothing happens.
  std::optional<std::int32_t> expected_master_epoch;
  std::int64_t proposed_at_ms = 0;

  bool operator==(const ElectMaster&) const = default;
};

// 1013 CONTROLLER_APPLY_BROKER_ID. The address is what stands before the first ';' of the check code, as in Java.
struct ApplyBrokerId {
  std::string cluster_name;
  std::string broker_name;
  std::int64_t broker_id = 0;
  std::string check_code;

  bool operator==(const ApplyBrokerId&) const = default;
};

// 1003 CONTROLLER_REGISTER_BROKER.
struct RegisterBroker {
  std::string cluster_name;
  std::string broker_name;
  std::int64_t broker_id = 0;
  std::string address;
  std::vector<BrokerFacts> facts;  // of at least the master: the answer names it only when it is alive
  // Where the live heartbeats of this id come from (brokerAddr of 904); empty: there are none. Another address than
  // `address` means that two processes use one id.
  std::string heartbeat_address;
  std::int64_t proposed_at_ms = 0;

  bool operator==(const RegisterBroker&) const = default;
};

// 1011 CLEAN_BROKER_DATA.
struct CleanBrokerData {
  std::string cluster_name;
  std::string broker_name;
  std::vector<std::int64_t> broker_ids;  // empty: the whole set
  bool clean_living_broker = false;      // isCleanLivingBroker: also what is alive
  std::vector<BrokerFacts> facts;        // of all replicas
  std::int64_t proposed_at_ms = 0;

  bool operator==(const CleanBrokerData&) const = default;
};

// Takes a set over from another controller. Proposed again it does nothing; a set that exists differently is refused.
struct ImportReplicaSet {
  std::string cluster_name;
  std::string broker_name;
  std::int64_t next_broker_id = 1;  // above every id that was ever given
  std::optional<std::int64_t> master_id;
  std::int32_t master_epoch = 0;
  std::int32_t sync_state_set_epoch = 0;
  std::vector<std::int64_t> sync_state_set;
  std::vector<Member> members;  // at least one; check codes may be empty
  std::int64_t proposed_at_ms = 0;

  bool operator==(const ImportReplicaSet&) const = default;
};

using Command =
    std::variant<AlterSyncStateSet, ElectMaster, ApplyBrokerId, RegisterBroker, CleanBrokerData, ImportReplicaSet>;

std::string_view broker_name_of(const Command& command);

}  // namespace gantry::replication
