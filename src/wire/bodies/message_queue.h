// The name of one queue, also the key of several maps. Rule: org.apache.rocketmq.common.message.MessageQueue.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <tuple>

#include "wire/body.h"

namespace gantry::wire {

struct MessageQueue {
  std::string broker_name;
  std::int32_t queue_id = 0;
  std::string topic;

  static constexpr auto table() {
    return std::tuple{field_or("brokerName", &MessageQueue::broker_name), field_or("queueId", &MessageQueue::queue_id),
                      field_or("topic", &MessageQueue::topic)};
  }
  auto operator<=>(const MessageQueue&) const = default;
  bool operator==(const MessageQueue&) const = default;
};

}  // namespace gantry::wire
