#include "broker/handlers/pop_support.h"

#include "broker/topics.h"

namespace gantry::broker {

namespace code = wire::response_code;

std::optional<Pops::Key> key_of_receipt(BrokerContext& broker, remoting::Reply& reply, const std::string& group,
                                        const std::string& topic, std::int32_t queue_id, std::int64_t offset) {
  Topic* found = broker.topics.find(topic);
  if (found == nullptr) {
    reply.send(code::kTopicNotExist, fmt::format("topic[{}] not exist", topic));
    return std::nullopt;
  }
  if (queue_id < 0 || queue_id >= found->config.read_queue_nums) {
    reply.send(code::kMessageIllegal, fmt::format("queueId[{}] is illegal, topic[{}] has {} queues to read", queue_id,
                                                  topic, found->config.read_queue_nums));
    return std::nullopt;
  }
  const store::Queue* queue = broker.topics.written_queue(*found, queue_id);
  if (queue == nullptr || offset < queue->min_offset() || offset > queue->max_offset()) {
    reply.send(code::kNoMessage,
               fmt::format("offset {} of topic[{}] queueId[{}] is not there", offset, topic, queue_id));
    return std::nullopt;
  }
  return Pops::Key{group, topic, queue_id};
}

}  // namespace gantry::broker
