#include "wire/bodies/heartbeat.h"

#include "wire/body_json.h"

namespace gantry::wire {
namespace {

Result<void> check(std::string_view what, std::size_t found, std::size_t max) {
  if (found <= max) return {};
  return fail(Errc::resource_exhausted, "heartbeat: {} is {}, at most {} are allowed", what, found, max);
}

Result<void> check_name(std::string_view what, const std::string& name, const HeartbeatLimits& limits) {
  if (name.empty()) return fail(Errc::invalid_argument, "heartbeat: the {} is empty", what);
  return check(fmt::format("the length of the {}", what), name.size(), limits.name_bytes_max);
}

Result<void> check_subscription(const SubscriptionData& subscription, const HeartbeatLimits& limits) {
  Result<void> result = check_name("topic", subscription.topic, limits);
  if (result)
    result = check("the length of an expression", subscription.sub_string.size(), limits.expression_bytes_max);
  if (result) result = check("the number of tags", subscription.tags_set.size(), limits.tags_per_subscription_max);
  if (result) result = check("the number of codes", subscription.code_set.size(), limits.tags_per_subscription_max);
  return result;
}

Result<void> check_consumer(const ConsumerData& consumer, const HeartbeatLimits& limits) {
  Result<void> result = check_name("consumer group", consumer.group_name, limits);
  if (result) {
    result =
        check("the number of subscriptions", consumer.subscription_data_set.size(), limits.subscriptions_per_group_max);
  }
  for (const SubscriptionData& subscription : consumer.subscription_data_set) {
    if (result) result = check_subscription(subscription, limits);
  }
  return result;
}

}  // namespace

GANTRY_WIRE_BODY(SubscriptionData);
GANTRY_WIRE_BODY(ProducerData);
GANTRY_WIRE_BODY(ConsumerData);
GANTRY_WIRE_BODY(HeartbeatData);
GANTRY_WIRE_BODY(CheckClientRequestBody);

Result<HeartbeatData> decode_heartbeat(std::string_view body, const HeartbeatLimits& limits) {
  JsonLimits json_limits;
  json_limits.bytes_max = limits.body_bytes_max;
  Result<HeartbeatData> heartbeat = decode_body<HeartbeatData>(body, json_limits);
  if (!heartbeat) return heartbeat;
  Result<void> result = check_name("client id", heartbeat->client_id, limits);
  const std::size_t groups = heartbeat->producer_data_set.size() + heartbeat->consumer_data_set.size();
  if (result) result = check("the number of groups", groups, limits.groups_max);
  for (const ProducerData& producer : heartbeat->producer_data_set) {
    if (result) result = check_name("producer group", producer.group_name, limits);
  }
  for (const ConsumerData& consumer : heartbeat->consumer_data_set) {
    if (result) result = check_consumer(consumer, limits);
  }
  if (!result) return std::unexpected(result.error());
  return heartbeat;
}

}  // namespace gantry::wire
