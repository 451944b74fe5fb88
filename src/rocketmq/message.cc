#include "rocketmq/message.h"

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

bool is_system_topic(std::string_view topic) {
  return queueing::is_system_topic(topic) || queueing::is_retry_topic(topic) || queueing::is_dead_letter_topic(topic);
}

}  // namespace gantry::rocketmq
