// Small things that several handlers need.
#pragma once

#include <optional>
#include <string_view>

#include "broker/context.h"
#include "queueing/group_membership.h"
#include "wire/bodies/consumer.h"
#include "wire/host.h"

namespace gantry::broker {

struct Topic;

wire::Host host_of(const remoting::Peer& peer);

// The topic with that queue to read; else the request is answered and the result is null.
Topic* readable_topic(BrokerContext& broker, remoting::Reply& reply, std::string_view topic, std::int32_t queue_id);

// Answers an append that failed, by the codes that the Apache broker uses for a full disk and for illegal messages.
void refuse_append(remoting::Reply& reply, const Error& error);

// Ends of a queue; 0 when nothing was ever written to it.
std::int64_t max_offset(BrokerContext& broker, Topic& topic, std::int32_t queue_id);
std::int64_t min_offset(BrokerContext& broker, Topic& topic, std::int32_t queue_id);

// Store time of the message at `offset`; nullopt when it is not there.
std::optional<std::int64_t> store_time_ms(BrokerContext& broker, Topic& topic, std::int32_t queue_id,
                                          std::int64_t offset);

wire::Connection connection_of(const queueing::Member& member);

}  // namespace gantry::broker
