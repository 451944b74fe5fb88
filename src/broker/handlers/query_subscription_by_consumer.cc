// QUERY_SUBSCRIPTION_BY_CONSUMER (345). Rule: AdminBrokerProcessor.querySubscriptionByConsumer.
#include "broker/handlers/handlers.h"
#include "broker/tag_filter.h"
#include "wire/headers/group.h"

namespace gantry::broker {

void handle_query_subscription_by_consumer(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::QuerySubscriptionByConsumerRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  const auto* found = broker.clients.consumers().subscription(header->group, header->topic.value_or(""));
  std::string text = R"({"group":")" + header->group + R"(","topic":")" + header->topic.value_or("") + R"(")";
  if (found != nullptr) text += R"(,"subscriptionData":)" + wire::encode_body(to_wire(*found));
  send_body(request.reply, text + "}");
}

}  // namespace gantry::broker
