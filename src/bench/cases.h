// The cases of `gantry bench broker`, each a worker that is started in_flight times.
#pragma once

#include <memory>
#include <string>

#include "bench/session.h"

namespace gantry::bench {

// Sends one message of body_bytes at a time (SEND_MESSAGE_V2), each worker to the next queue in turn.
Worker send_worker(std::string topic, std::size_t body_bytes, std::int32_t queues);

// Sends 32 messages in a request; an operation is a message.
Worker batch_worker(std::string topic, std::size_t body_bytes, std::int32_t queues);

// Pulls 32 at a time from the start of the topic's queues, over and over; an operation is a message.
Worker pull_worker(std::string topic, std::int32_t queues);

// Pops 32 and acknowledges every message by a request of its own; an operation is an acknowledged message, the latency
// that of acknowledgements. A few workers pop, and in_flight bounds the acknowledgements under way. The topic has so many
// `messages`; when they are all popped, the window ends.
Worker pop_worker(std::string topic, std::string group, std::size_t in_flight, std::uint64_t messages);

// One lag reading of a topic and group: topic stats, consume stats and consume time span, pipelined.
Worker lag_worker(std::string topic, std::string group);

// Fills a topic with messages of body_bytes, 64 in flight, so that pull and pop have something to take.
boost::asio::awaitable<Result<void>> fill(Session& session, std::string topic, std::size_t body_bytes,
                                          std::int32_t queues, std::uint64_t messages);

}  // namespace gantry::bench
