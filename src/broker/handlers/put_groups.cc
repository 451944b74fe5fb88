// UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST (225). Rule: AdminBrokerProcessor.updateAndCreateSubscriptionGroupList.
#include "broker/groups.h"
#include "broker/handlers/handlers.h"

namespace gantry::broker {

void handle_put_groups(BrokerContext& broker, remoting::Request request) {
  auto list = wire::decode_body<wire::SubscriptionGroupList>(request.command.body);
  if (!list) return request.reply.fail(list.error());
  for (auto& group : list->group_config_list) {
    if (auto put = broker.groups.put(std::move(group)); !put) return request.reply.fail(put.error());
  }
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
