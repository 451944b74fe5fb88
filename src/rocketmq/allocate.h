// Sharing the queues of a topic among the members of a consumer group. Every member computes it alone, so the rule must
// be Java's to the letter: org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely.
#pragma once

#include <string>
#include <vector>

#include "rocketmq/message.h"

namespace gantry::rocketmq {

// The queues of member `self`. `queues` are of one topic; neither they nor `members` need be sorted. Empty when `self`
// is not a member.
std::vector<MessageQueue> allocate_averagely(std::vector<MessageQueue> queues, std::vector<std::string> members,
                                             const std::string& self);

}  // namespace gantry::rocketmq
