// Which queues a member of a consumer group gets: the rules that clients and the server side assignment share, so that
// ours and Java's consumers can be in one group. Rule: AllocateMessageQueueAveragely, ...AveragelyByCircle and
// QueryAssignmentProcessor.allocate4Pop.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/bodies/message_queue.h"

namespace gantry::queueing {

// The queues are of one topic, and sorted; the clients are sorted, each once. A client that is not among them gets
// nothing.
std::vector<wire::MessageQueue> allocate_averagely(std::string_view client, std::span<const wire::MessageQueue> queues,
                                                   std::span<const std::string> clients);
std::vector<wire::MessageQueue> allocate_by_circle(std::string_view client, std::span<const wire::MessageQueue> queues,
                                                   std::span<const std::string> clients);
// queue_id -1 in the result: all queues of that broker. share: popShareQueueNum, with how many other clients a queue is shared; 0 or less: every client pops everywhere.
std::vector<wire::MessageQueue> allocate_for_pop(std::string_view client, std::span<const wire::MessageQueue> queues,
                                                 std::span<const std::string> clients, std::int32_t share);

}  // namespace gantry::queueing
