#include "queueing/topic_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "wire/pop_receipt.h"

namespace gantry::queueing {
namespace {

constexpr std::size_t kTopicBytesMax = 127;
constexpr std::size_t kGroupBytesMax = 255;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '%' || c == '|' ||
         c == '-' || c == '_' || c == '+';
}

}  // namespace

std::string retry_topic(std::string_view group) { return fmt::format("{}{}", kRetryPrefix, group); }
std::string dead_letter_topic(std::string_view group) { return fmt::format("{}{}", kDeadLetterPrefix, group); }

std::string pop_retry_topic(std::string_view topic, std::string_view group) {
  return wire::pop_retry_topic_v1(topic, group);
}

std::string_view pop_origin_topic(std::string_view topic, std::string_view group) {
  const std::size_t prefix = kRetryPrefix.size() + group.size() + 1;
  const bool pop_retry = topic.size() > prefix && is_retry_topic(topic) &&
                         topic.substr(kRetryPrefix.size(), group.size()) == group && topic[prefix - 1] == '_';
  return pop_retry ? topic.substr(prefix) : topic;
}

bool is_retry_topic(std::string_view topic) { return topic.starts_with(kRetryPrefix); }
bool is_dead_letter_topic(std::string_view topic) { return topic.starts_with(kDeadLetterPrefix); }

bool is_system_topic(std::string_view topic) {
  static constexpr std::array<std::string_view, 9> kNames = {
      "TBW102",           "SCHEDULE_TOPIC_XXXX",      "BenchmarkTest",
      "SELF_TEST_TOPIC",  "OFFSET_MOVED_EVENT",       "TRANS_CHECK_MAX_TIME_TOPIC",
      "CHECKPOINT_TOPIC", "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC"};
  return topic.starts_with("rmq_sys_") || topic.starts_with("RMQ_SYS_") ||
         std::find(kNames.begin(), kNames.end(), topic) != kNames.end();
}

std::string with_namespace(std::string_view name_space, std::string_view name) {
  if (name_space.empty() || is_system_topic(name)) return std::string(name);
  std::string_view prefix;
  for (std::string_view own : {kRetryPrefix, kDeadLetterPrefix}) {
    if (name.starts_with(own)) prefix = own;
  }
  const std::string_view bare = name.substr(prefix.size());
  const std::string front = std::string(name_space) + "%";
  if (bare.starts_with(front)) return std::string(name);
  return std::string(prefix) + front + std::string(bare);
}

bool is_valid_topic(std::string_view topic) {
  return !topic.empty() && topic.size() <= kTopicBytesMax && std::all_of(topic.begin(), topic.end(), is_name_character);
}

bool is_valid_group(std::string_view group) {
  return !group.empty() && group.size() <= kGroupBytesMax && std::all_of(group.begin(), group.end(), is_name_character);
}

}  // namespace gantry::queueing
