// GET_CONSUMER_CONNECTION_LIST (203). Rule: AdminBrokerProcessor.getConsumerConnectionList.
#include "broker/clients.h"
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "wire/bodies/consumer.h"
#include "wire/headers/group.h"

namespace gantry::broker {

void handle_get_consumer_connections(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::GetConsumerConnectionListRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  const auto* group = broker.clients.consumers().find(header->consumer_group);
  if (group == nullptr) {
    return request.reply.send(wire::response_code::kConsumerNotOnline,
                              fmt::format("the consumer group[{}] not online", header->consumer_group));
  }
  wire::ConsumerConnection body;
  body.consume_from_where = group->profile.consume_from_where;
  body.consume_type = group->profile.consume_type;
  body.message_model = group->profile.message_model;
  for (const auto& [id, member] : group->members) body.connection_set.push_back(connection_of(member));
  for (const auto& [topic, subscription] : group->subscriptions) body.subscription_table.emplace(topic, subscription);
  send_body(request.reply, wire::encode_body(body));
}

}  // namespace gantry::broker
