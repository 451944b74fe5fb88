// What a consumer wants of a topic: all of it, or the tags of an expression such as "A || B". Brokers filter by the
// hashes of the tags, consumers compare the tags themselves with what came.
// Rule: org.apache.rocketmq.remoting.protocol.filter.FilterAPI.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/bodies/heartbeat.h"

namespace gantry::queueing {

using Subscription = wire::SubscriptionData;

// An expression that is empty or "*" means everything; one without a tag ("||") has no tags_set and is not "*".
// version: the client's, in practice Unix time in ms; at a broker a newer subscription replaces an older one.
Subscription subscribe(std::string_view topic, std::string_view expression, std::int64_t version);

bool matches_code(const Subscription& subscription, std::int64_t tags_code);
bool matches_tag(const Subscription& subscription, std::string_view tag);

}  // namespace gantry::queueing
