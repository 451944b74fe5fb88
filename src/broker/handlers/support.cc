#include "broker/handlers/support.h"

#include <algorithm>

#include "broker/topics.h"
#include "store/store.h"
#include "wire/language.h"

namespace gantry::broker {

wire::Host host_of(const remoting::Peer& peer) {
  wire::Host host;
  const auto& endpoint = peer.endpoint();
  host.port = endpoint.port();
  const auto address = endpoint.address();
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    std::ranges::copy(bytes, host.address.begin());
  } else {
    host.v6 = true;
    const auto bytes = address.to_v6().to_bytes();
    std::ranges::copy(bytes, host.address.begin());
  }
  return host;
}

Topic* readable_topic(BrokerContext& broker, remoting::Reply& reply, std::string_view name, std::int32_t queue_id) {
  Topic* topic = broker.topics.find(name);
  if (topic == nullptr) {
    reply.send(wire::response_code::kTopicNotExist, fmt::format("topic[{}] not exist, apply first please!", name));
    return nullptr;
  }
  if (queue_id < 0 || queue_id >= topic->queue_count()) {
    reply.send(wire::response_code::kInvalidParameter,
               fmt::format("queueId[{}] is illegal, topic [{}] has {} queues to read", queue_id, name,
                           topic->config.read_queue_nums));
    return nullptr;
  }
  return topic;
}

void refuse_append(remoting::Reply& reply, const Error& error) {
  switch (error.code) {
    case Errc::invalid_argument: return reply.send(wire::response_code::kMessageIllegal, error.message);
    case Errc::resource_exhausted:
    case Errc::unavailable:
    case Errc::cancelled: return reply.send(wire::response_code::kServiceNotAvailable, error.message);
    default: return reply.fail(error);
  }
}

std::int64_t max_offset(BrokerContext& broker, Topic& topic, std::int32_t queue_id) {
  const store::Queue* queue = broker.topics.written_queue(topic, queue_id);
  return queue == nullptr ? 0 : queue->max_offset();
}

std::int64_t min_offset(BrokerContext& broker, Topic& topic, std::int32_t queue_id) {
  const store::Queue* queue = broker.topics.written_queue(topic, queue_id);
  return queue == nullptr ? 0 : queue->min_offset();
}

std::optional<std::int64_t> store_time_ms(BrokerContext& broker, Topic& topic, std::int32_t queue_id,
                                          std::int64_t offset) {
  const store::Queue* queue = broker.topics.written_queue(topic, queue_id);
  if (queue == nullptr || offset < queue->min_offset() || offset >= queue->max_offset()) return std::nullopt;
  auto entry = broker.store.log().entry_at(*queue, offset);
  if (!entry) return std::nullopt;
  return entry->store_time_ms;
}

wire::Connection connection_of(const queueing::Member& member) {
  wire::Connection connection;
  connection.client_addr = member.address;
  connection.client_id = member.client_id;
  connection.language = std::string(wire::language_name(wire::Language{member.language, {}}));
  connection.version = member.version;
  return connection;
}

}  // namespace gantry::broker
