// Where a group stands in a topic, queue by queue: what GET_CONSUME_STATS and GET_BROKER_CONSUME_STATS tell.
#pragma once

#include <string>

#include "broker/context.h"
#include "wire/bodies/stats.h"

namespace gantry::broker {

// Nothing for a topic that is gone, or that the group's consumers no longer subscribe.
void add_consume_stats(BrokerContext& broker, const std::string& group, const std::string& topic,
                       wire::ConsumeStats& stats);

// What waits for the group in its retry topics for `topic`, of the same moment as the rest: who reads lag need not ask for
// topics that mostly do not exist, and none of it can come into being between two answers.
void add_retries(BrokerContext& broker, const std::string& group, const std::string& topic, wire::ConsumeStats& stats);

}  // namespace gantry::broker
