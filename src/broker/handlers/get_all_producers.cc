// GET_ALL_PRODUCER_INFO (328). Rule: AdminBrokerProcessor.getAllProducerInfo.
#include "broker/clients.h"
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "wire/bodies/consumer.h"

namespace gantry::broker {

void handle_get_all_producers(BrokerContext& broker, remoting::Request request) {
  wire::ProducerTableInfo table;
  for (const auto& [group, members] : broker.clients.all_producers()) {
    auto& producers = table.data[group];
    for (const auto& [id, member] : members) {
      wire::Connection connection = connection_of(member);
      producers.push_back({std::move(connection.client_id), std::move(connection.language), member.last_seen_ms,
                           std::move(connection.client_addr), connection.version});
    }
  }
  send_body(request.reply, wire::encode_body(table));
}

}  // namespace gantry::broker
