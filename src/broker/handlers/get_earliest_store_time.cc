// GET_EARLIEST_MSG_STORETIME (32). Rule: AdminBrokerProcessor.getEarliestMsgStoretime: -1 when the queue is empty.
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "broker/topics.h"
#include "wire/headers/offset.h"

namespace gantry::broker {

void handle_get_earliest_store_time(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::GetEarliestMsgStoretimeRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  Topic* topic = readable_topic(broker, request.reply, header->topic, header->queue_id);
  if (topic == nullptr) return;
  const auto first = store_time_ms(broker, *topic, header->queue_id, min_offset(broker, *topic, header->queue_id));
  request.reply.send(response_with(request.reply, wire::GetEarliestMsgStoretimeResponseHeader{first.value_or(-1)}));
}

}  // namespace gantry::broker
