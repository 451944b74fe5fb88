#include "rocketmq/message.h"

#include <fmt/format.h>

#include <array>

namespace gantry::rocketmq {

std::string_view to_string(SendStatus status) {
  switch (status) {
    case SendStatus::ok: return "SEND_OK";
    case SendStatus::flush_disk_timeout: return "FLUSH_DISK_TIMEOUT";
    case SendStatus::flush_slave_timeout: return "FLUSH_SLAVE_TIMEOUT";
    case SendStatus::slave_not_available: return "SLAVE_NOT_AVAILABLE";
  }
  return "UNKNOWN";
}

std::string retry_topic(std::string_view group) { return fmt::format("%RETRY%{}", group); }

std::string dead_letter_topic(std::string_view group) { return fmt::format("%DLQ%{}", group); }

// Rule: org.apache.rocketmq.common.topic.TopicValidator, plus the topics named after brokers and clusters, which only
// a route can tell and which therefore are not known here.
bool is_system_topic(std::string_view topic) {
  static constexpr std::array kNames = {"TBW102",
                                        "SCHEDULE_TOPIC_XXXX",
                                        "BenchmarkTest",
                                        "RMQ_SYS_TRANS_HALF_TOPIC",
                                        "RMQ_SYS_TRACE_TOPIC",
                                        "RMQ_SYS_TRANS_OP_HALF_TOPIC",
                                        "TRANS_CHECK_MAX_TIME_TOPIC",
                                        "SELF_TEST_TOPIC",
                                        "OFFSET_MOVED_EVENT",
                                        "CHECKPOINT_TOPIC"};
  for (std::string_view name : kNames) {
    if (topic == name) return true;
  }
  return topic.starts_with("%RETRY%") || topic.starts_with("%DLQ%") || topic.starts_with("rmq_sys_");
}

}  // namespace gantry::rocketmq
