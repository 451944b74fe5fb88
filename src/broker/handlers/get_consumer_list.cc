// GET_CONSUMER_LIST_BY_GROUP (38). Rule: ConsumerManageProcessor.getConsumerListByGroup.
#include "broker/clients.h"
#include "broker/handlers/handlers.h"
#include "wire/bodies/consumer.h"
#include "wire/headers/group.h"

namespace gantry::broker {

void handle_get_consumer_list(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::GetConsumerListByGroupRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  wire::GetConsumerListByGroupResponseBody body{broker.clients.consumers().client_ids(header->consumer_group)};
  if (body.consumer_id_list.empty()) {
    return request.reply.send(wire::response_code::kSystemError,
                              "no consumer for this group, " + header->consumer_group);
  }
  send_body(request.reply, wire::encode_body(body));
}

}  // namespace gantry::broker
