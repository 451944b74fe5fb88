// A tag expression ("*", "A", "A || B") as consumers register it and as they check it again on what comes: brokers
// filter by the hash of a tag only. Rule: org.apache.rocketmq.remoting.protocol.filter.FilterAPI.
#pragma once

#include <string>
#include <string_view>

#include "rocketmq/message.h"
#include "wire/bodies/heartbeat.h"

namespace gantry::rocketmq {

// version_ms: Unix time of the subscription; a newer one replaces an older one at the broker.
wire::SubscriptionData subscribe(std::string topic, std::string_view expression, std::int64_t version_ms);

bool matches(const wire::SubscriptionData& subscription, std::string_view tag);

}  // namespace gantry::rocketmq
