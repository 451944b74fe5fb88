// GET_SUBSCRIPTIONGROUP_CONFIG (352). Rule: AdminBrokerProcessor.getSubscriptionGroup.
#include "broker/groups.h"
#include "broker/handlers/handlers.h"
#include "wire/headers/group.h"

namespace gantry::broker {

void handle_get_group_config(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::GetSubscriptionGroupConfigRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  const auto* group = broker.groups.find(header->group);
  if (group == nullptr) {
    return request.reply.send(wire::response_code::kSubscriptionGroupNotExist,
                              "No group in this broker. group: " + header->group);
  }
  send_body(request.reply, wire::encode_body(*group));
}

}  // namespace gantry::broker
