// Configuration of consumer groups: 200, 201, 225, 352. Rule: org.apache.rocketmq.remoting.protocol.subscription.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "wire/bodies/topic.h"
#include "wire/body.h"

namespace gantry::wire {

// initial and max in ms.
struct ExponentialRetryPolicy {
  std::int64_t initial = 5000;
  std::int64_t max = 7200000;
  std::int64_t multiplier = 2;

  static constexpr auto table() {
    return std::tuple{field_or("initial", &ExponentialRetryPolicy::initial),
                      field_or("max", &ExponentialRetryPolicy::max),
                      field_or("multiplier", &ExponentialRetryPolicy::multiplier)};
  }
  bool operator==(const ExponentialRetryPolicy&) const = default;
};

// next: delays in ms.
struct CustomizedRetryPolicy {
  std::vector<std::int64_t> next;

  static constexpr auto table() { return std::tuple{field_or("next", &CustomizedRetryPolicy::next)}; }
  bool operator==(const CustomizedRetryPolicy&) const = default;
};

struct GroupRetryPolicy {
  std::optional<CustomizedRetryPolicy> customized_retry_policy;
  std::optional<ExponentialRetryPolicy> exponential_retry_policy;
  std::string type = "CUSTOMIZED";

  static constexpr auto table() {
    return std::tuple{field_or("customizedRetryPolicy", &GroupRetryPolicy::customized_retry_policy),
                      field_or("exponentialRetryPolicy", &GroupRetryPolicy::exponential_retry_policy),
                      field_or("type", &GroupRetryPolicy::type)};
  }
  bool operator==(const GroupRetryPolicy&) const = default;
};

struct SimpleSubscriptionData {
  std::string expression;
  std::string expression_type = "TAG";
  std::string topic;
  std::int64_t version = 0;

  static constexpr auto table() {
    return std::tuple{field_or("expression", &SimpleSubscriptionData::expression),
                      field_or("expressionType", &SimpleSubscriptionData::expression_type),
                      field_or("topic", &SimpleSubscriptionData::topic),
                      field_or("version", &SimpleSubscriptionData::version)};
  }
  bool operator==(const SimpleSubscriptionData&) const = default;
};

struct SubscriptionGroupConfig {
  std::map<std::string, std::string> attributes;
  std::int64_t broker_id = 0;
  bool consume_broadcast_enable = true;
  bool consume_enable = true;
  bool consume_from_min_enable = true;
  bool consume_message_orderly = false;
  std::int32_t consume_timeout_minute = 15;
  std::string group_name;
  GroupRetryPolicy group_retry_policy;
  std::int32_t group_sys_flag = 0;
  bool notify_consumer_ids_changed_enable = true;
  std::int32_t retry_max_times = 16;
  std::int32_t retry_queue_nums = 1;
  std::optional<std::vector<SimpleSubscriptionData>> subscription_data_set;
  std::int64_t which_broker_when_consume_slowly = 1;

  static constexpr auto table() {
    return std::tuple{
        field_or("attributes", &SubscriptionGroupConfig::attributes),
        field_or("brokerId", &SubscriptionGroupConfig::broker_id),
        field_or("consumeBroadcastEnable", &SubscriptionGroupConfig::consume_broadcast_enable),
        field_or("consumeEnable", &SubscriptionGroupConfig::consume_enable),
        field_or("consumeFromMinEnable", &SubscriptionGroupConfig::consume_from_min_enable),
        field_or("consumeMessageOrderly", &SubscriptionGroupConfig::consume_message_orderly),
        field_or("consumeTimeoutMinute", &SubscriptionGroupConfig::consume_timeout_minute),
        field("groupName", &SubscriptionGroupConfig::group_name),
        field_or("groupRetryPolicy", &SubscriptionGroupConfig::group_retry_policy),
        field_or("groupSysFlag", &SubscriptionGroupConfig::group_sys_flag),
        field_or("notifyConsumerIdsChangedEnable", &SubscriptionGroupConfig::notify_consumer_ids_changed_enable),
        field_or("retryMaxTimes", &SubscriptionGroupConfig::retry_max_times),
        field_or("retryQueueNums", &SubscriptionGroupConfig::retry_queue_nums),
        field_or("subscriptionDataSet", &SubscriptionGroupConfig::subscription_data_set),
        field_or("whichBrokerWhenConsumeSlowly", &SubscriptionGroupConfig::which_broker_when_consume_slowly)};
  }
  bool operator==(const SubscriptionGroupConfig&) const = default;
};

// By group name.
struct SubscriptionGroupWrapper {
  DataVersion data_version;
  std::map<std::string, SubscriptionGroupConfig> subscription_group_table;

  static constexpr auto table() {
    return std::tuple{field_or("dataVersion", &SubscriptionGroupWrapper::data_version),
                      field_or("subscriptionGroupTable", &SubscriptionGroupWrapper::subscription_group_table)};
  }
  bool operator==(const SubscriptionGroupWrapper&) const = default;
};

struct SubscriptionGroupList {
  std::vector<SubscriptionGroupConfig> group_config_list;

  static constexpr auto table() {
    return std::tuple{field_or("groupConfigList", &SubscriptionGroupList::group_config_list)};
  }
  bool operator==(const SubscriptionGroupList&) const = default;
};

}  // namespace gantry::wire
