// GET_ALL_SUBSCRIPTIONGROUP_CONFIG (201). Rule: AdminBrokerProcessor.getAllSubscriptionGroup.
#include "broker/groups.h"
#include "broker/handlers/handlers.h"

namespace gantry::broker {

void handle_get_all_group_configs(BrokerContext& broker, remoting::Request request) {
  wire::SubscriptionGroupWrapper all;
  all.data_version = broker.groups.version();
  all.subscription_group_table.insert(broker.groups.all().begin(), broker.groups.all().end());
  send_body(request.reply, wire::encode_body(all));
}

}  // namespace gantry::broker
