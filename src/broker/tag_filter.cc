#include "broker/tag_filter.h"

#include "wire/properties.h"

namespace gantry::broker {

Result<queueing::Subscription> parse_subscription(std::string_view topic, std::string_view expression,
                                                  std::string_view type, std::int64_t version) {
  if (!type.empty() && type != wire::kExpressionTag) {
    return fail(Errc::unimplemented, "The broker does not support consumer to filter message by {}",
                type.substr(0, 32));
  }
  queueing::Subscription subscription;
  subscription.topic.assign(topic);
  subscription.version = version;
  if (expression.empty() || expression == "*") return subscription;
  subscription.expression.assign(expression);
  while (!expression.empty()) {
    const std::size_t end = expression.find("||");
    std::string_view tag = expression.substr(0, end);
    expression.remove_prefix(end == std::string_view::npos ? expression.size() : end + 2);
    while (!tag.empty() && tag.front() == ' ') tag.remove_prefix(1);
    while (!tag.empty() && tag.back() == ' ') tag.remove_suffix(1);
    if (tag.empty()) continue;
    subscription.tags.emplace_back(tag);
    subscription.tag_codes.push_back(wire::java_string_hash(tag));
  }
  if (subscription.tags.empty()) return fail(Errc::invalid_argument, "the subscription expression holds no tag");
  return subscription;
}

queueing::Subscription from_heartbeat(const wire::SubscriptionData& data) {
  queueing::Subscription subscription;
  subscription.topic = data.topic;
  subscription.expression = data.sub_string;
  subscription.expression_type = data.expression_type;
  subscription.tags = data.tags_set;
  subscription.tag_codes = data.code_set;
  subscription.version = data.sub_version;
  return subscription;
}

wire::SubscriptionData to_wire(const queueing::Subscription& subscription) {
  wire::SubscriptionData data;
  data.topic = subscription.topic;
  data.sub_string = subscription.expression;
  data.expression_type = subscription.expression_type;
  data.tags_set = subscription.tags;
  data.code_set = subscription.tag_codes;
  data.sub_version = subscription.version;
  return data;
}

}  // namespace gantry::broker
