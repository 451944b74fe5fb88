#include "rocketmq/subscription.h"

#include <algorithm>

#include "wire/properties.h"

namespace gantry::rocketmq {
namespace {

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

wire::SubscriptionData subscribe(std::string topic, std::string_view expression, std::int64_t version_ms) {
  wire::SubscriptionData data;
  data.topic = std::move(topic);
  data.sub_version = version_ms;
  data.sub_string = std::string(trim(expression));
  if (data.sub_string.empty()) data.sub_string = "*";
  if (data.sub_string == "*") return data;
  std::string_view rest = data.sub_string;
  while (!rest.empty()) {
    const auto bar = rest.find("||");
    const std::string_view tag = trim(rest.substr(0, bar));
    if (!tag.empty()) {
      data.tags_set.emplace_back(tag);
      data.code_set.push_back(wire::java_string_hash(tag));
    }
    rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 2);
  }
  return data;
}

bool matches(const wire::SubscriptionData& subscription, std::string_view tag) {
  if (subscription.tags_set.empty()) return true;
  return std::find(subscription.tags_set.begin(), subscription.tags_set.end(), tag) != subscription.tags_set.end();
}

}  // namespace gantry::rocketmq
