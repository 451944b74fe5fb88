// GET_MAX_OFFSET (30). Rule: AdminBrokerProcessor.getMaxOffset.
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "broker/topics.h"
#include "wire/headers/offset.h"

namespace gantry::broker {

void handle_get_max_offset(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::GetMaxOffsetRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  Topic* topic = readable_topic(broker, request.reply, header->topic, header->queue_id);
  if (topic == nullptr) return;
  request.reply.send(
      response_with(request.reply, wire::GetMaxOffsetResponseHeader{max_offset(broker, *topic, header->queue_id)}));
}

}  // namespace gantry::broker
