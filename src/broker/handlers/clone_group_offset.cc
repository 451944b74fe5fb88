// CLONE_GROUP_OFFSET (314). Rule: AdminBrokerProcessor.cloneGroupOffset.
#include "broker/groups.h"
#include "broker/handlers/handlers.h"
#include "broker/offsets.h"
#include "broker/topics.h"
#include "wire/headers/admin.h"

namespace gantry::broker {

void handle_clone_group_offset(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::CloneGroupOffsetRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  if (auto group = broker.groups.get(header->dest_group); !group) return request.reply.fail(group.error());
  std::vector<std::string> topics = broker.offsets.topics_of(header->src_group);
  if (header->topic && !header->topic->empty()) topics = {*header->topic};
  for (const auto& name : topics) {
    const Topic* topic = broker.topics.find(name);
    if (topic == nullptr) continue;
    for (std::int32_t id = 0; id < topic->queue_count(); ++id) {
      if (auto offset = broker.offsets.find(header->src_group, name, id))
        broker.offsets.commit(header->dest_group, name, id, *offset);
    }
  }
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
