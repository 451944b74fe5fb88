// UPDATE_CONSUMER_OFFSET (15). Rule: ConsumerManageProcessor.updateConsumerOffset.
#include "broker/groups.h"
#include "broker/handlers/handlers.h"
#include "broker/offsets.h"
#include "broker/topics.h"
#include "wire/headers/offset.h"

namespace gantry::broker {

void handle_update_consumer_offset(BrokerContext& broker, remoting::Request request) {
  namespace code = wire::response_code;
  auto header = wire::decode_header<wire::UpdateConsumerOffsetRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  const Topic* topic = broker.topics.find(header->topic);
  if (topic == nullptr) {
    return request.reply.send(code::kTopicNotExist, fmt::format("Topic {} not exist!", header->topic));
  }
  if (auto group = broker.groups.get(header->consumer_group); !group) {
    return request.reply.send(code::kSubscriptionGroupNotExist, group.error().message);
  }
  if (header->queue_id < 0)
    return request.reply.send(code::kSystemError, fmt::format("QueueId {} is less than 0", header->queue_id));
  if (header->queue_id >= topic->queue_count()) {
    return request.reply.send(code::kInvalidParameter,
                              fmt::format("topic {} has no queue {}", header->topic, header->queue_id));
  }
  if (header->commit_offset < 0) {
    return request.reply.send(code::kSystemError, fmt::format("Offset {} is less than 0", header->commit_offset));
  }
  broker.offsets.commit(header->consumer_group, header->topic, header->queue_id, header->commit_offset);
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
