// DELETE_SUBSCRIPTIONGROUP (207). Rule: AdminBrokerProcessor.deleteSubscriptionGroup.
#include "broker/groups.h"
#include "broker/handlers/handlers.h"
#include "broker/offsets.h"
#include "broker/pops.h"
#include "wire/headers/group.h"

namespace gantry::broker {

void handle_delete_group(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::DeleteSubscriptionGroupRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  broker.groups.remove(header->group_name);
  if (header->clean_offset) {
    broker.offsets.remove_group(header->group_name);
    broker.pops.remove([&](const Pops::Key& key) { return key.group == header->group_name; });
  }
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
