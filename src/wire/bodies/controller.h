// Bodies of the controller's requests: sync-state sets, elections, replica sets as operators see them. Sets of broker
// ids are in the order of the wire (Java: of a HashSet). Rule: the classes of the same names in
// org.apache.rocketmq.remoting.protocol.body.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "wire/body.h"

namespace gantry::wire {

// Request and answer of 1001, answers of 1003 and 1004, request of 1008. In a request of 1001 the epoch is that of the
// set to be replaced.
struct SyncStateSet {
  std::vector<std::int64_t> sync_state_set;
  std::int32_t sync_state_set_epoch = 0;

  static constexpr auto table() {
    return std::tuple{field_or("syncStateSet", &SyncStateSet::sync_state_set),
                      field_or("syncStateSetEpoch", &SyncStateSet::sync_state_set_epoch)};
  }
  bool operator==(const SyncStateSet&) const = default;
};

// broker_addrs: broker id to "host:port".
struct BrokerMemberGroup {
  std::map<std::int64_t, std::string> broker_addrs;
  std::string broker_name;
  std::string cluster;

  static constexpr auto table() {
    return std::tuple{field_or("brokerAddrs", &BrokerMemberGroup::broker_addrs),
                      field_or("brokerName", &BrokerMemberGroup::broker_name),
                      field_or("cluster", &BrokerMemberGroup::cluster)};
  }
  bool operator==(const BrokerMemberGroup&) const = default;
};

// The answer of 1002; broker_member_group is absent when the old master stays.
struct ElectMasterResponseBody {
  std::optional<BrokerMemberGroup> broker_member_group;
  std::vector<std::int64_t> sync_state_set;

  static constexpr auto table() {
    return std::tuple{field_or("brokerMemberGroup", &ElectMasterResponseBody::broker_member_group),
                      field_or("syncStateSet", &ElectMasterResponseBody::sync_state_set)};
  }
  bool operator==(const ElectMasterResponseBody&) const = default;
};

struct ReplicaIdentity {
  std::optional<bool> alive;
  std::string broker_address;
  std::int64_t broker_id = 0;
  std::string broker_name;

  static constexpr auto table() {
    return std::tuple{
        field_or("alive", &ReplicaIdentity::alive), field_or("brokerAddress", &ReplicaIdentity::broker_address),
        field("brokerId", &ReplicaIdentity::broker_id), field_or("brokerName", &ReplicaIdentity::broker_name)};
  }
  bool operator==(const ReplicaIdentity&) const = default;
};

// Without a master its id and address are absent.
struct ReplicasInfo {
  std::vector<ReplicaIdentity> in_sync_replicas;
  std::optional<std::string> master_address;
  std::optional<std::int64_t> master_broker_id;
  std::int32_t master_epoch = 0;
  std::vector<ReplicaIdentity> not_in_sync_replicas;
  std::int32_t sync_state_set_epoch = 0;

  static constexpr auto table() {
    return std::tuple{field_or("inSyncReplicas", &ReplicasInfo::in_sync_replicas),
                      field_or("masterAddress", &ReplicasInfo::master_address),
                      field_or("masterBrokerId", &ReplicasInfo::master_broker_id),
                      field_or("masterEpoch", &ReplicasInfo::master_epoch),
                      field_or("notInSyncReplicas", &ReplicasInfo::not_in_sync_replicas),
                      field_or("syncStateSetEpoch", &ReplicasInfo::sync_state_set_epoch)};
  }
  bool operator==(const ReplicasInfo&) const = default;
};

// The answer of 1006: broker name to its set; names that the controller does not know are left out.
struct BrokerReplicasInfo {
  std::map<std::string, ReplicasInfo> replicas_info_table;

  static constexpr auto table() {
    return std::tuple{field_or("replicasInfoTable", &BrokerReplicasInfo::replicas_info_table)};
  }
  bool operator==(const BrokerReplicasInfo&) const = default;
};

// The request of 1006: a bare JSON array.
using BrokerNames = std::vector<std::string>;

}  // namespace gantry::wire
