// UPDATE_AND_CREATE_SUBSCRIPTIONGROUP (200). Rule: AdminBrokerProcessor.updateAndCreateSubscriptionGroup.
#include "broker/groups.h"
#include "broker/handlers/handlers.h"

namespace gantry::broker {

void handle_put_group(BrokerContext& broker, remoting::Request request) {
  auto group = wire::decode_body<wire::SubscriptionGroupConfig>(request.command.body);
  if (!group) return request.reply.fail(group.error());
  if (auto put = broker.groups.put(std::move(*group)); !put) return request.reply.fail(put.error());
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
