// QUERY_CONSUMER_OFFSET (14). Rule: org.apache.rocketmq.broker.processor.ConsumerManageProcessor.queryConsumerOffset.
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "broker/offsets.h"
#include "broker/topics.h"
#include "wire/headers/offset.h"

namespace gantry::broker {

void handle_query_consumer_offset(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::QueryConsumerOffsetRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  std::int64_t offset = broker.offsets.find(header->consumer_group, header->topic, header->queue_id).value_or(-1);
  if (offset < 0) {
    Topic* topic = broker.topics.find(header->topic);
    const bool whole = topic != nullptr && min_offset(broker, *topic, header->queue_id) <= 0 &&
                       max_offset(broker, *topic, header->queue_id) > 0;
    // a new group starts at 0 when the queue still has all of its messages; else the client decides
    if (!header->set_zero_if_not_found.value_or(true) || !whole) {
      return request.reply.send(wire::response_code::kQueryNotFound, "Not found, maybe this group consumer boot first");
    }
    offset = 0;
  }
  request.reply.send(response_with(request.reply, wire::QueryConsumerOffsetResponseHeader{offset}));
}

}  // namespace gantry::broker
