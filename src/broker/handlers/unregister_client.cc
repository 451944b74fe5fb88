// UNREGISTER_CLIENT (35). Rule: ClientManageProcessor.unregisterClient.
#include "broker/clients.h"
#include "broker/handlers/handlers.h"
#include "wire/headers/group.h"

namespace gantry::broker {

void handle_unregister_client(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::UnregisterClientRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  broker.clients.unregister(header->producer_group.value_or(""), header->consumer_group.value_or(""),
                            request.from->id());
  request.reply.send(wire::response_code::kSuccess);
}

}  // namespace gantry::broker
