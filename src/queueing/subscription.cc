#include "queueing/subscription.h"

#include <algorithm>

#include "wire/properties.h"

namespace gantry::queueing {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

Subscription subscribe(std::string_view topic, std::string_view expression, std::int64_t version) {
  Subscription subscription;
  subscription.topic.assign(topic);
  subscription.sub_version = version;
  expression = trim(expression);
  subscription.sub_string = expression.empty() ? "*" : expression;
  if (subscription.sub_string == "*") return subscription;
  while (!expression.empty()) {
    const std::size_t end = std::min(expression.find("||"), expression.size());
    if (const std::string_view tag = trim(expression.substr(0, end)); !tag.empty()) {
      subscription.tags_set.emplace_back(tag);
      subscription.code_set.push_back(wire::java_string_hash(tag));
    }
    expression.remove_prefix(std::min(end + 2, expression.size()));
  }
  return subscription;
}

bool matches_code(const Subscription& subscription, std::int64_t tags_code) {
  const auto& codes = subscription.code_set;
  return codes.empty() || subscription.sub_string == "*" ||
         std::find(codes.begin(), codes.end(), tags_code) != codes.end();
}

bool matches_tag(const Subscription& subscription, std::string_view tag) {
  const auto& tags = subscription.tags_set;
  return tags.empty() || std::find(tags.begin(), tags.end(), tag) != tags.end();
}

}  // namespace gantry::queueing
