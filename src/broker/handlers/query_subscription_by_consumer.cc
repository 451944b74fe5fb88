// QUERY_SUBSCRIPTION_BY_CONSUMER (345). Rule: AdminBrokerProcessor.querySubscriptionByConsumer.
#include <boost/json.hpp>

#include "broker/clients.h"
#include "broker/handlers/handlers.h"
#include "wire/headers/group.h"

namespace gantry::broker {

void handle_query_subscription_by_consumer(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::QuerySubscriptionByConsumerRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  const auto* found = broker.clients.consumers().subscription(header->group, header->topic.value_or(""));
  // names come from outside: they are quoted as JSON wants
  std::string text = R"({"group":)" + boost::json::serialize(boost::json::string(header->group)) + R"(,"topic":)" +
                     boost::json::serialize(boost::json::string(header->topic.value_or("")));
  if (found != nullptr) text += R"(,"subscriptionData":)" + wire::encode_body(*found);
  send_body(request.reply, text + "}");
}

}  // namespace gantry::broker
