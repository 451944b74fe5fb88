// Offsets that a reset arrived at: the answer of 222 and the body of RESET_CONSUMER_CLIENT_OFFSET (220), in the form
// for Java clients and in the one for all others. Rule: org.apache.rocketmq.remoting.protocol.body.ResetOffsetBody and
// ResetOffsetBodyForC; which client gets which: org.apache.rocketmq.broker.client.net.Broker2Client.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "wire/bodies/message_queue.h"
#include "wire/body.h"

namespace gantry::wire {

struct ResetOffsetBody {
  std::map<MessageQueue, std::int64_t> offset_table;

  static constexpr auto table() { return std::tuple{field_or("offsetTable", &ResetOffsetBody::offset_table)}; }
  bool operator==(const ResetOffsetBody&) const = default;
};

struct MessageQueueForC {
  std::string broker_name;
  std::int64_t offset = 0;
  std::int32_t queue_id = 0;
  std::string topic;

  static constexpr auto table() {
    return std::tuple{field_or("brokerName", &MessageQueueForC::broker_name),
                      field_or("offset", &MessageQueueForC::offset), field_or("queueId", &MessageQueueForC::queue_id),
                      field_or("topic", &MessageQueueForC::topic)};
  }
  bool operator==(const MessageQueueForC&) const = default;
};

struct ResetOffsetBodyForC {
  std::vector<MessageQueueForC> offset_table;

  static constexpr auto table() { return std::tuple{field_or("offsetTable", &ResetOffsetBodyForC::offset_table)}; }
  bool operator==(const ResetOffsetBodyForC&) const = default;
};

// 221 and 223: offsets by client.
struct GetConsumerStatusBody {
  std::map<std::string, std::map<MessageQueue, std::int64_t>> consumer_table;
  std::map<MessageQueue, std::int64_t> message_queue_table;

  static constexpr auto table() {
    return std::tuple{field_or("consumerTable", &GetConsumerStatusBody::consumer_table),
                      field_or("messageQueueTable", &GetConsumerStatusBody::message_queue_table)};
  }
  bool operator==(const GetConsumerStatusBody&) const = default;
};

}  // namespace gantry::wire
