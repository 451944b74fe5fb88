// QUERY_CONSUME_QUEUE (321): the index of a queue as it is. Rule: AdminBrokerProcessor.queryConsumeQueue.
#include <algorithm>

#include "broker/clients.h"
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "broker/topics.h"
#include "store/queue_reader.h"
#include "store/store.h"
#include "wire/bodies/stats.h"
#include "wire/headers/admin.h"

namespace gantry::broker {

namespace {

constexpr std::int32_t kEntriesMax = 1'024;  // of one answer

}  // namespace

void handle_query_consume_queue(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::QueryConsumeQueueRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  Topic* topic = broker.topics.find(header->topic);
  const bool known = topic != nullptr && header->queue_id >= 0 && header->queue_id < topic->queue_count();
  const store::Queue* queue = known ? broker.topics.written_queue(*topic, header->queue_id) : nullptr;
  if (queue == nullptr) {
    return request.reply.send(wire::response_code::kSystemError,
                              fmt::format("{}@{} is not exist!", header->queue_id, header->topic));
  }
  wire::QueryConsumeQueueResponseBody body;
  body.min_queue_index = queue->min_offset();
  body.max_queue_index = queue->max_offset();
  if (header->consumer_group && !header->consumer_group->empty()) {
    if (const auto* found = broker.clients.consumers().subscription(*header->consumer_group, header->topic)) {
      body.subscription_data = *found;
    } else {
      body.filter_data = fmt::format("{}@{} is not online!", *header->consumer_group, header->topic);
    }
  }
  const auto count = static_cast<std::size_t>(std::clamp(header->count, 0, kEntriesMax));
  const std::int64_t from = std::max(header->index, queue->min_offset());
  store::QueueReader reader(broker.store.log(), *queue, from);
  while (body.queue_data.size() < count && reader.next()) {
    const auto& entry = reader.entry();
    body.queue_data.push_back(
        {static_cast<std::int64_t>(entry.physical_offset), static_cast<std::int32_t>(entry.size), entry.tags_code});
  }
  if (reader.error()) return request.reply.fail(*reader.error());
  send_body(request.reply, wire::encode_body(body));
}

}  // namespace gantry::broker
