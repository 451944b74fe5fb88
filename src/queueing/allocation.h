// Which queues a member of a consumer group gets: the rules that clients and the server side assignment share, so that
// ours and Java's consumers can be in one group. Rule: AllocateMessageQueueAveragely, ...AveragelyByCircle and
// QueryAssignmentProcessor.allocate4Pop.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::queueing {

struct QueueName {
  std::string topic;
  std::string broker;
  std::int32_t queue_id = 0;  // -1: all queues of the broker (POP)

  auto operator<=>(const QueueName&) const = default;  // Java's MessageQueue order: topic, broker, queue id
};

// queues and clients must be sorted. A client that is not among the clients gets nothing.
std::vector<QueueName> allocate_averagely(std::string_view client, std::span<const QueueName> queues,
                                          std::span<const std::string> clients);
std::vector<QueueName> allocate_by_circle(std::string_view client, std::span<const QueueName> queues,
                                          std::span<const std::string> clients);
// share: popShareQueueNum, with how many other clients a queue is shared; 0 or less: every client pops everywhere.
std::vector<QueueName> allocate_for_pop(std::string_view client, std::span<const QueueName> queues,
                                        std::span<const std::string> clients, std::int32_t share);

}  // namespace gantry::queueing
