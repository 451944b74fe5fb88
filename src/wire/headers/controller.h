// Headers of the controller: replica sets of brokers and who is master in them (1001 .. 1006, 1008, 1011 .. 1013) and
// the heartbeat of brokers in controller mode (904). 1005, 1006, 1009 and 1010 have no request header; 1006 answers by
// its body alone (wire/bodies/controller.h), 1009 and 1010 carry Java properties as text in theirs. Rule: the classes of
// the same names in org.apache.rocketmq.remoting.protocol.header.controller, and of 904 in header.namesrv.
//
// A request's field is required here when the Java controller cannot answer without it; Java itself reads a missing or
// malformed one as null. Epochs are int32 and begin at 0, broker ids at 1; a member that is absent from an answer means
// "none" (no master). invoke_time_ms: the sender's wall clock in milliseconds since 1970, which JRaft's controller
// compares with its own; nobody else needs it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wire/fields.h"

namespace gantry::wire {

// 1001 CONTROLLER_ALTER_SYNC_STATE_SET; the new set and the epoch it replaces are the body, SyncStateSet.
struct AlterSyncStateSetRequestHeader {
  std::string broker_name;
  std::int64_t master_broker_id = 0;
  std::int32_t master_epoch = 0;
  std::optional<std::int64_t> invoke_time_ms;

  static constexpr auto table() {
    return std::tuple{field("brokerName", &AlterSyncStateSetRequestHeader::broker_name),
                      field("masterBrokerId", &AlterSyncStateSetRequestHeader::master_broker_id),
                      field("masterEpoch", &AlterSyncStateSetRequestHeader::master_epoch),
                      field("invokeTime", &AlterSyncStateSetRequestHeader::invoke_time_ms)};
  }
};

// Its body is the set that holds now, under its new epoch.
struct AlterSyncStateSetResponseHeader {
  std::int32_t new_sync_state_set_epoch = 0;

  static constexpr auto table() {
    return std::tuple{field("newSyncStateSetEpoch", &AlterSyncStateSetResponseHeader::new_sync_state_set_epoch)};
  }
};

// 1002 CONTROLLER_ELECT_MASTER. broker_id: who asks to become master, or, with designate_elect, who shall; -1 is nobody
// in particular.
struct ElectMasterRequestHeader {
  std::string cluster_name;
  std::string broker_name;
  std::int64_t broker_id = -1;
  bool designate_elect = false;
  std::optional<std::int64_t> invoke_time_ms;

  static constexpr auto table() {
    return std::tuple{field_or("clusterName", &ElectMasterRequestHeader::cluster_name),
                      field("brokerName", &ElectMasterRequestHeader::broker_name),
                      field_or("brokerId", &ElectMasterRequestHeader::broker_id),
                      field_or("designateElect", &ElectMasterRequestHeader::designate_elect),
                      field("invokeTime", &ElectMasterRequestHeader::invoke_time_ms)};
  }
};

// With success and with CONTROLLER_MASTER_STILL_EXIST (2011); its body is ElectMasterResponseBody.
struct ElectMasterResponseHeader {
  std::optional<std::int64_t> master_broker_id;
  std::optional<std::string> master_address;
  std::optional<std::int32_t> master_epoch;
  std::optional<std::int32_t> sync_state_set_epoch;

  static constexpr auto table() {
    return std::tuple{field("masterBrokerId", &ElectMasterResponseHeader::master_broker_id),
                      field("masterAddress", &ElectMasterResponseHeader::master_address),
                      field("masterEpoch", &ElectMasterResponseHeader::master_epoch),
                      field("syncStateSetEpoch", &ElectMasterResponseHeader::sync_state_set_epoch)};
  }
};

// 1003 CONTROLLER_REGISTER_BROKER, by a broker that has its id.
struct RegisterBrokerToControllerRequestHeader {
  std::string cluster_name;
  std::string broker_name;
  std::int64_t broker_id = 0;
  std::string broker_address;
  std::optional<std::int64_t> invoke_time_ms;

  static constexpr auto table() {
    return std::tuple{field("clusterName", &RegisterBrokerToControllerRequestHeader::cluster_name),
                      field("brokerName", &RegisterBrokerToControllerRequestHeader::broker_name),
                      field("brokerId", &RegisterBrokerToControllerRequestHeader::broker_id),
                      field("brokerAddress", &RegisterBrokerToControllerRequestHeader::broker_address),
                      field("invokeTime", &RegisterBrokerToControllerRequestHeader::invoke_time_ms)};
  }
};

// The master's four are there only while it is alive; the body, SyncStateSet, always.
struct RegisterBrokerToControllerResponseHeader {
  std::optional<std::string> cluster_name;
  std::optional<std::string> broker_name;
  std::optional<std::int64_t> master_broker_id;
  std::optional<std::string> master_address;
  std::optional<std::int32_t> master_epoch;
  std::optional<std::int32_t> sync_state_set_epoch;

  static constexpr auto table() {
    return std::tuple{field("clusterName", &RegisterBrokerToControllerResponseHeader::cluster_name),
                      field("brokerName", &RegisterBrokerToControllerResponseHeader::broker_name),
                      field("masterBrokerId", &RegisterBrokerToControllerResponseHeader::master_broker_id),
                      field("masterAddress", &RegisterBrokerToControllerResponseHeader::master_address),
                      field("masterEpoch", &RegisterBrokerToControllerResponseHeader::master_epoch),
                      field("syncStateSetEpoch", &RegisterBrokerToControllerResponseHeader::sync_state_set_epoch)};
  }
};

// 1004 CONTROLLER_GET_REPLICA_INFO.
struct GetReplicaInfoRequestHeader {
  std::string broker_name;

  static constexpr auto table() { return std::tuple{field("brokerName", &GetReplicaInfoRequestHeader::broker_name)}; }
};

// Its body is SyncStateSet. Without a master only the epoch is there.
struct GetReplicaInfoResponseHeader {
  std::optional<std::int64_t> master_broker_id;
  std::optional<std::string> master_address;
  std::optional<std::int32_t> master_epoch;

  static constexpr auto table() {
    return std::tuple{field("masterBrokerId", &GetReplicaInfoResponseHeader::master_broker_id),
                      field("masterAddress", &GetReplicaInfoResponseHeader::master_address),
                      field("masterEpoch", &GetReplicaInfoResponseHeader::master_epoch)};
  }
};

// The answer of 1005 CONTROLLER_GET_METADATA_INFO. controller_leader_address is where clients reach the leader, absent
// or empty while there is none. peers: "n0:host:port;n1:host:port;" from DLedger, "host:port;" each from JRaft.
struct GetMetaDataResponseHeader {
  std::optional<std::string> group;
  std::optional<std::string> controller_leader_id;
  std::optional<std::string> controller_leader_address;
  bool is_leader = false;
  std::optional<std::string> peers;

  static constexpr auto table() {
    return std::tuple{field("group", &GetMetaDataResponseHeader::group),
                      field("controllerLeaderId", &GetMetaDataResponseHeader::controller_leader_id),
                      field("controllerLeaderAddress", &GetMetaDataResponseHeader::controller_leader_address),
                      field_or("isLeader", &GetMetaDataResponseHeader::is_leader),
                      field("peers", &GetMetaDataResponseHeader::peers)};
  }
};

// 1008 NOTIFY_BROKER_ROLE_CHANGED, one-way, from the controller to a broker's own port; its body is SyncStateSet.
struct NotifyBrokerRoleChangedRequestHeader {
  std::optional<std::string> master_address;
  std::optional<std::int32_t> master_epoch;
  std::optional<std::int32_t> sync_state_set_epoch;
  std::optional<std::int64_t> master_broker_id;

  static constexpr auto table() {
    return std::tuple{field("masterAddress", &NotifyBrokerRoleChangedRequestHeader::master_address),
                      field("masterEpoch", &NotifyBrokerRoleChangedRequestHeader::master_epoch),
                      field("syncStateSetEpoch", &NotifyBrokerRoleChangedRequestHeader::sync_state_set_epoch),
                      field("masterBrokerId", &NotifyBrokerRoleChangedRequestHeader::master_broker_id)};
  }
};

// 1011 CLEAN_BROKER_DATA. broker_controller_ids_to_clean: ids joined by ';', all of the set when absent.
struct CleanControllerBrokerDataRequestHeader {
  std::optional<std::string> cluster_name;
  std::string broker_name;
  std::optional<std::string> broker_controller_ids_to_clean;
  bool is_clean_living_broker = false;
  std::optional<std::int64_t> invoke_time_ms;

  static constexpr auto table() {
    return std::tuple{
        field("clusterName", &CleanControllerBrokerDataRequestHeader::cluster_name),
        field("brokerName", &CleanControllerBrokerDataRequestHeader::broker_name),
        field("brokerControllerIdsToClean", &CleanControllerBrokerDataRequestHeader::broker_controller_ids_to_clean),
        field_or("isCleanLivingBroker", &CleanControllerBrokerDataRequestHeader::is_clean_living_broker),
        field("invokeTime", &CleanControllerBrokerDataRequestHeader::invoke_time_ms)};
  }
};

// 1012 CONTROLLER_GET_NEXT_BROKER_ID.
struct GetNextBrokerIdRequestHeader {
  std::string cluster_name;
  std::string broker_name;

  static constexpr auto table() {
    return std::tuple{field("clusterName", &GetNextBrokerIdRequestHeader::cluster_name),
                      field("brokerName", &GetNextBrokerIdRequestHeader::broker_name)};
  }
};

struct GetNextBrokerIdResponseHeader {
  std::optional<std::string> cluster_name;
  std::optional<std::string> broker_name;
  std::int64_t next_broker_id = 0;

  static constexpr auto table() {
    return std::tuple{field("clusterName", &GetNextBrokerIdResponseHeader::cluster_name),
                      field("brokerName", &GetNextBrokerIdResponseHeader::broker_name),
                      field("nextBrokerId", &GetNextBrokerIdResponseHeader::next_broker_id)};
  }
};

// 1013 CONTROLLER_APPLY_BROKER_ID. register_check_code: "ADDRESS;MILLISECONDS" of the broker's first try, kept by it on
// disk: the same again means the same broker.
struct ApplyBrokerIdRequestHeader {
  std::string cluster_name;
  std::string broker_name;
  std::int64_t applied_broker_id = 0;
  std::string register_check_code;

  static constexpr auto table() {
    return std::tuple{field("clusterName", &ApplyBrokerIdRequestHeader::cluster_name),
                      field("brokerName", &ApplyBrokerIdRequestHeader::broker_name),
                      field("appliedBrokerId", &ApplyBrokerIdRequestHeader::applied_broker_id),
                      field("registerCheckCode", &ApplyBrokerIdRequestHeader::register_check_code)};
  }
};

struct ApplyBrokerIdResponseHeader {
  std::optional<std::string> cluster_name;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("clusterName", &ApplyBrokerIdResponseHeader::cluster_name),
                      field("brokerName", &ApplyBrokerIdResponseHeader::broker_name)};
  }
};

// 904 BROKER_HEARTBEAT, one-way from brokers: every second to every controller with all fields, and to name servers with
// the first three. epoch and max_offset: of the broker's log, what an election compares; heartbeat_timeout_ms: when to
// call it silent; election_priority: the lower the better.
struct BrokerHeartbeatRequestHeader {
  std::string cluster_name;
  std::string broker_addr;
  std::string broker_name;
  std::optional<std::int64_t> broker_id;
  std::optional<std::int32_t> epoch;
  std::optional<std::int64_t> max_offset;
  std::optional<std::int64_t> confirm_offset;
  std::optional<std::int64_t> heartbeat_timeout_ms;
  std::optional<std::int32_t> election_priority;

  static constexpr auto table() {
    return std::tuple{field("clusterName", &BrokerHeartbeatRequestHeader::cluster_name),
                      field("brokerAddr", &BrokerHeartbeatRequestHeader::broker_addr),
                      field("brokerName", &BrokerHeartbeatRequestHeader::broker_name),
                      field("brokerId", &BrokerHeartbeatRequestHeader::broker_id),
                      field("epoch", &BrokerHeartbeatRequestHeader::epoch),
                      field("maxOffset", &BrokerHeartbeatRequestHeader::max_offset),
                      field("confirmOffset", &BrokerHeartbeatRequestHeader::confirm_offset),
                      field("heartbeatTimeoutMills", &BrokerHeartbeatRequestHeader::heartbeat_timeout_ms),
                      field("electionPriority", &BrokerHeartbeatRequestHeader::election_priority)};
  }
};

}  // namespace gantry::wire
