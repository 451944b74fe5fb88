// GET_PRODUCER_CONNECTION_LIST (204). Rule: AdminBrokerProcessor.getProducerConnectionList.
#include "broker/clients.h"
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "wire/bodies/consumer.h"
#include "wire/headers/group.h"

namespace gantry::broker {

void handle_get_producer_connections(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::GetProducerConnectionListRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  const auto* members = broker.clients.producers(header->producer_group);
  if (members == nullptr) {
    return request.reply.send(wire::response_code::kSystemError,
                              fmt::format("the producer group[{}] not exist", header->producer_group));
  }
  wire::ProducerConnection body;
  for (const auto& [id, member] : *members) body.connection_set.push_back(connection_of(member));
  send_body(request.reply, wire::encode_body(body));
}

}  // namespace gantry::broker
