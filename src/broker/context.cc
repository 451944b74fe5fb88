#include "broker/context.h"

#include <spdlog/spdlog.h>

#include "store/store.h"

namespace gantry::broker {

void BrokerContext::unreadable(std::string_view topic, std::int32_t queue_id, const Error& error) {
  const auto left_out = unreadable_log.admit();
  if (!left_out) return;
  spdlog::error("broker: topic {} queue {} cannot be read: {} ({} more since the last such line)", topic, queue_id,
                error.message, *left_out);
}

std::int64_t BrokerContext::now_ms() const { return store.now_ms(); }

std::uint32_t BrokerContext::random(std::uint32_t below) {
  random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
  return below == 0 ? 0 : static_cast<std::uint32_t>(random_state >> 33) % below;
}

void BrokerContext::reply_when_durable(remoting::Reply reply, wire::Command response) {
  store.when_durable([reply = std::move(reply), response = std::move(response)](const Result<void>& result) mutable {
    if (result) {
      reply.send(std::move(response));
    } else {
      reply.fail(result.error());
    }
  });
}

void BrokerContext::reply_when_durable(remoting::Reply reply) {
  auto response = reply.response(wire::response_code::kSuccess);
  reply_when_durable(std::move(reply), std::move(response));
}

}  // namespace gantry::broker
