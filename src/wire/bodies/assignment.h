// Queue assignment by the broker, for the stock POP consumer: QUERY_ASSIGNMENT (400) and SET_MESSAGE_REQUEST_MODE
// (401). Rule: org.apache.rocketmq.remoting.protocol.body and
// org.apache.rocketmq.common.message.MessageQueueAssignment.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "wire/bodies/message_queue.h"
#include "wire/body.h"

namespace gantry::wire {

struct QueryAssignmentRequestBody {
  std::string client_id;
  std::string consumer_group;
  std::string message_model = "CLUSTERING";
  std::string strategy_name = "AVG";
  std::string topic;

  static constexpr auto table() {
    return std::tuple{field("clientId", &QueryAssignmentRequestBody::client_id),
                      field("consumerGroup", &QueryAssignmentRequestBody::consumer_group),
                      field_or("messageModel", &QueryAssignmentRequestBody::message_model),
                      field_or("strategyName", &QueryAssignmentRequestBody::strategy_name),
                      field("topic", &QueryAssignmentRequestBody::topic)};
  }
  bool operator==(const QueryAssignmentRequestBody&) const = default;
};

// mode: PULL or POP.
struct MessageQueueAssignment {
  std::optional<std::map<std::string, std::string>> attachments;
  MessageQueue message_queue;
  std::string mode = "PULL";

  static constexpr auto table() {
    return std::tuple{field_or("attachments", &MessageQueueAssignment::attachments),
                      field("messageQueue", &MessageQueueAssignment::message_queue),
                      field_or("mode", &MessageQueueAssignment::mode)};
  }
  bool operator==(const MessageQueueAssignment&) const = default;
};

struct QueryAssignmentResponseBody {
  // Empty list: consume none of the topic's queues. Absent: the broker cannot say, keep what you have.
  std::optional<std::vector<MessageQueueAssignment>> message_queue_assignments;

  static constexpr auto table() {
    return std::tuple{field_or("messageQueueAssignments", &QueryAssignmentResponseBody::message_queue_assignments)};
  }
  bool operator==(const QueryAssignmentResponseBody&) const = default;
};

struct SetMessageRequestModeRequestBody {
  std::string consumer_group;
  std::string mode = "PULL";
  std::int32_t pop_share_queue_num = 0;
  std::string topic;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &SetMessageRequestModeRequestBody::consumer_group),
                      field_or("mode", &SetMessageRequestModeRequestBody::mode),
                      field_or("popShareQueueNum", &SetMessageRequestModeRequestBody::pop_share_queue_num),
                      field("topic", &SetMessageRequestModeRequestBody::topic)};
  }
  bool operator==(const SetMessageRequestModeRequestBody&) const = default;
};

}  // namespace gantry::wire
