// What a client says of itself every 30 s: the body of HEART_BEAT (34), and of CHECK_CLIENT_CONFIG (46).
// Rule: org.apache.rocketmq.remoting.protocol.heartbeat and org.apache.rocketmq.common.consumer.ConsumeFromWhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "wire/body.h"

namespace gantry::wire {

// code_set: String.hashCode of each tag (wire/properties.h, tags_code). sub_string "*": everything.
struct SubscriptionData {
  bool class_filter_mode = false;
  std::vector<std::int32_t> code_set;
  std::string expression_type = "TAG";
  std::string sub_string;
  std::int64_t sub_version = 0;
  std::vector<std::string> tags_set;
  std::string topic;

  static constexpr auto table() {
    return std::tuple{field_or("classFilterMode", &SubscriptionData::class_filter_mode),
                      field_or("codeSet", &SubscriptionData::code_set),
                      field_or("expressionType", &SubscriptionData::expression_type),
                      field_or("subString", &SubscriptionData::sub_string),
                      field_or("subVersion", &SubscriptionData::sub_version),
                      field_or("tagsSet", &SubscriptionData::tags_set),
                      field("topic", &SubscriptionData::topic)};
  }
  bool operator==(const SubscriptionData&) const = default;
};

struct ProducerData {
  std::string group_name;

  static constexpr auto table() { return std::tuple{field("groupName", &ProducerData::group_name)}; }
  bool operator==(const ProducerData&) const = default;
};

struct ConsumerData {
  std::string consume_from_where = "CONSUME_FROM_LAST_OFFSET";
  std::string consume_type = "CONSUME_PASSIVELY";
  std::string group_name;
  std::string message_model = "CLUSTERING";
  std::vector<SubscriptionData> subscription_data_set;
  bool unit_mode = false;

  static constexpr auto table() {
    return std::tuple{field_or("consumeFromWhere", &ConsumerData::consume_from_where),
                      field_or("consumeType", &ConsumerData::consume_type),
                      field("groupName", &ConsumerData::group_name),
                      field_or("messageModel", &ConsumerData::message_model),
                      field_or("subscriptionDataSet", &ConsumerData::subscription_data_set),
                      field_or("unitMode", &ConsumerData::unit_mode)};
  }
  bool operator==(const ConsumerData&) const = default;
};

struct HeartbeatData {
  std::string client_id;
  std::vector<ConsumerData> consumer_data_set;
  std::int32_t heartbeat_fingerprint = 0;
  std::vector<ProducerData> producer_data_set;
  bool without_sub = false;

  static constexpr auto table() {
    return std::tuple{field("clientID", &HeartbeatData::client_id),
                      field_or("consumerDataSet", &HeartbeatData::consumer_data_set),
                      field_or("heartbeatFingerprint", &HeartbeatData::heartbeat_fingerprint),
                      field_or("producerDataSet", &HeartbeatData::producer_data_set),
                      field_or("withoutSub", &HeartbeatData::without_sub)};
  }
  bool operator==(const HeartbeatData&) const = default;
};

struct CheckClientRequestBody {
  std::string client_id;
  std::string group;
  std::optional<std::string> name_space;
  SubscriptionData subscription_data;

  static constexpr auto table() {
    return std::tuple{field("clientId", &CheckClientRequestBody::client_id),
                      field("group", &CheckClientRequestBody::group),
                      field_or("namespace", &CheckClientRequestBody::name_space),
                      field("subscriptionData", &CheckClientRequestBody::subscription_data)};
  }
  bool operator==(const CheckClientRequestBody&) const = default;
};

inline constexpr std::string_view kConsumeActively = "CONSUME_ACTIVELY";    // pull consumers
inline constexpr std::string_view kConsumePassively = "CONSUME_PASSIVELY";  // push consumers
inline constexpr std::string_view kConsumePop = "CONSUME_POP";
inline constexpr std::string_view kClustering = "CLUSTERING";
inline constexpr std::string_view kBroadcasting = "BROADCASTING";
inline constexpr std::string_view kConsumeFromLastOffset = "CONSUME_FROM_LAST_OFFSET";
inline constexpr std::string_view kConsumeFromFirstOffset = "CONSUME_FROM_FIRST_OFFSET";
inline constexpr std::string_view kConsumeFromTimestamp = "CONSUME_FROM_TIMESTAMP";
inline constexpr std::string_view kExpressionTag = "TAG";
inline constexpr std::string_view kExpressionSql92 = "SQL92";

// What one client may claim, since the broker keeps all of it in memory.
struct HeartbeatLimits {
  std::size_t body_bytes_max = 1024 * 1024;
  std::size_t groups_max = 1024;  // producer and consumer groups together
  std::size_t subscriptions_per_group_max = 1024;
  std::size_t tags_per_subscription_max = 1024;
  std::size_t name_bytes_max = 255;  // client id, group and topic names (Java: at most 255 and 127)
  std::size_t expression_bytes_max = 16 * 1024;
};

// decode_body with these limits. Fails with resource_exhausted beyond one, with invalid_argument on an empty name.
Result<HeartbeatData> decode_heartbeat(std::string_view body, const HeartbeatLimits& limits = {});

}  // namespace gantry::wire
