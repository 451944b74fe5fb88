// Headers about consumer groups and clients: 35, 38, 40, 41, 42, 203, 204, 307 and the group administration 200, 207,
// 300, 343, 352. HEART_BEAT (34), LOCK_BATCH_MQ (41) and UNLOCK_BATCH_MQ (42) have bodies only. Rule: the classes of
// the same names in org.apache.rocketmq.remoting.protocol.header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wire/fields.h"

namespace gantry::wire {

struct UnregisterClientRequestHeader {
  std::string client_id;
  std::optional<std::string> producer_group;
  std::optional<std::string> consumer_group;

  static constexpr auto table() {
    return std::tuple{field("clientID", &UnregisterClientRequestHeader::client_id),
                      field("producerGroup", &UnregisterClientRequestHeader::producer_group),
                      field("consumerGroup", &UnregisterClientRequestHeader::consumer_group)};
  }
};

struct GetConsumerListByGroupRequestHeader {
  std::string consumer_group;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &GetConsumerListByGroupRequestHeader::consumer_group),
                      field("bname", &GetConsumerListByGroupRequestHeader::broker_name)};
  }
};

struct NotifyConsumerIdsChangedRequestHeader {
  std::string consumer_group;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &NotifyConsumerIdsChangedRequestHeader::consumer_group)};
  }
};

struct GetConsumerConnectionListRequestHeader {
  std::string consumer_group;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &GetConsumerConnectionListRequestHeader::consumer_group)};
  }
};

struct GetProducerConnectionListRequestHeader {
  std::string producer_group;

  static constexpr auto table() {
    return std::tuple{field("producerGroup", &GetProducerConnectionListRequestHeader::producer_group)};
  }
};

struct GetConsumerRunningInfoRequestHeader {
  std::string consumer_group;
  std::string client_id;
  bool jstack_enable = false;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &GetConsumerRunningInfoRequestHeader::consumer_group),
                      field("clientId", &GetConsumerRunningInfoRequestHeader::client_id),
                      field_or("jstackEnable", &GetConsumerRunningInfoRequestHeader::jstack_enable)};
  }
};

struct DeleteSubscriptionGroupRequestHeader {
  std::string group_name;
  bool clean_offset = false;

  static constexpr auto table() {
    return std::tuple{field("groupName", &DeleteSubscriptionGroupRequestHeader::group_name),
                      field_or("cleanOffset", &DeleteSubscriptionGroupRequestHeader::clean_offset)};
  }
};

struct GetSubscriptionGroupConfigRequestHeader {
  std::string group;

  static constexpr auto table() { return std::tuple{field("group", &GetSubscriptionGroupConfigRequestHeader::group)}; }
};

struct QueryTopicConsumeByWhoRequestHeader {
  std::string topic;

  static constexpr auto table() { return std::tuple{field("topic", &QueryTopicConsumeByWhoRequestHeader::topic)}; }
};

struct QueryTopicsByConsumerRequestHeader {
  std::string group;

  static constexpr auto table() { return std::tuple{field("group", &QueryTopicsByConsumerRequestHeader::group)}; }
};

struct QuerySubscriptionByConsumerRequestHeader {
  std::string group;
  std::optional<std::string> topic;

  static constexpr auto table() {
    return std::tuple{field("group", &QuerySubscriptionByConsumerRequestHeader::group),
                      field("topic", &QuerySubscriptionByConsumerRequestHeader::topic)};
  }
};

// Extension fields that a broker adds to the answer of HEART_BEAT; both optional.
struct HeartbeatResponseHeader {
  std::optional<bool> is_sub_change;
  std::optional<bool> is_support_heartbeat_v2;

  static constexpr auto table() {
    return std::tuple{field("IS_SUB_CHANGE", &HeartbeatResponseHeader::is_sub_change),
                      field("IS_SUPPORT_HEART_BEAT_V2", &HeartbeatResponseHeader::is_support_heartbeat_v2)};
  }
};

}  // namespace gantry::wire
