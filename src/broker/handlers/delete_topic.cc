// DELETE_TOPIC_IN_BROKER (215). Rule: AdminBrokerProcessor.deleteTopic.
#include "broker/handlers/handlers.h"
#include "broker/topics.h"
#include "wire/headers/admin.h"

namespace gantry::broker {

void handle_delete_topic(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::DeleteTopicRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  if (broker.topics.is_system(header->topic)) {
    return request.reply.send(wire::response_code::kInvalidParameter,
                              fmt::format("topic {} belongs to the broker and cannot be deleted", header->topic));
  }
  // as Java: gone is gone; but whoever removed it may still wait for the disk, and so does who asks again
  (void)broker.topics.remove(header->topic);
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
