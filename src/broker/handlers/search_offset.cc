// SEARCH_OFFSET_BY_TIMESTAMP (29). Rule: AdminBrokerProcessor.searchOffsetByTimestamp, ConsumeQueue.getOffsetInQueueByTime.
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "broker/topics.h"
#include "store/store.h"
#include "wire/headers/offset.h"

namespace gantry::broker {

void handle_search_offset(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::SearchOffsetRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  Topic* topic = readable_topic(broker, request.reply, header->topic, header->queue_id);
  if (topic == nullptr) return;
  std::int64_t offset = 0;
  if (const store::Queue* queue = broker.topics.written_queue(*topic, header->queue_id)) {
    const bool upper =
        header->boundary_type && (*header->boundary_type == "UPPER" || *header->boundary_type == "upper");
    auto found = broker.store.log().offset_at_time(*queue, upper ? header->timestamp_ms + 1 : header->timestamp_ms);
    if (!found) return request.reply.fail(found.error());
    offset = *found;
    // UPPER: the last message that is not younger
    if (upper && offset > queue->min_offset()) {
      if (auto at = store_time_ms(broker, *topic, header->queue_id, offset - 1); at && *at == header->timestamp_ms)
        --offset;
    }
  }
  request.reply.send(response_with(request.reply, wire::SearchOffsetResponseHeader{offset}));
}

}  // namespace gantry::broker
