// Locks of queues for orderly consumption: LOCK_BATCH_MQ (41) and UNLOCK_BATCH_MQ (42). Rule:
// org.apache.rocketmq.remoting.protocol.body.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "wire/bodies/message_queue.h"
#include "wire/body.h"

namespace gantry::wire {

struct LockBatchRequestBody {
  std::string client_id;
  std::string consumer_group;
  std::vector<MessageQueue> mq_set;
  bool only_this_broker = false;

  static constexpr auto table() {
    return std::tuple{field("clientId", &LockBatchRequestBody::client_id),
                      field("consumerGroup", &LockBatchRequestBody::consumer_group),
                      field_or("mqSet", &LockBatchRequestBody::mq_set),
                      field_or("onlyThisBroker", &LockBatchRequestBody::only_this_broker)};
  }
  bool operator==(const LockBatchRequestBody&) const = default;
};

struct LockBatchResponseBody {
  std::vector<MessageQueue> lock_ok_mq_set;

  static constexpr auto table() { return std::tuple{field_or("lockOKMQSet", &LockBatchResponseBody::lock_ok_mq_set)}; }
  bool operator==(const LockBatchResponseBody&) const = default;
};

struct UnlockBatchRequestBody {
  std::string client_id;
  std::string consumer_group;
  std::vector<MessageQueue> mq_set;
  bool only_this_broker = false;

  static constexpr auto table() {
    return std::tuple{field("clientId", &UnlockBatchRequestBody::client_id),
                      field("consumerGroup", &UnlockBatchRequestBody::consumer_group),
                      field_or("mqSet", &UnlockBatchRequestBody::mq_set),
                      field_or("onlyThisBroker", &UnlockBatchRequestBody::only_this_broker)};
  }
  bool operator==(const UnlockBatchRequestBody&) const = default;
};

}  // namespace gantry::wire
