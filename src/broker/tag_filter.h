// Subscriptions by tag: the expression "a || b" as the broker filters by it, which is the hash of each tag; clients
// compare the tags themselves. Rule: org.apache.rocketmq.remoting.protocol.filter.FilterAPI.
#pragma once

#include <string_view>

#include "base/error.h"
#include "queueing/group_membership.h"
#include "wire/bodies/heartbeat.h"

namespace gantry::broker {

// expression empty or "*": everything. Fails with invalid_argument when it holds no tag ("||"), with unimplemented for
// a type other than TAG.
Result<queueing::Subscription> parse_subscription(std::string_view topic, std::string_view expression,
                                                  std::string_view type, std::int64_t version);

queueing::Subscription from_heartbeat(const wire::SubscriptionData& data);
wire::SubscriptionData to_wire(const queueing::Subscription& subscription);

}  // namespace gantry::broker
