// GET_TOPIC_STATS_INFO (202). Rule: AdminBrokerProcessor.getTopicStatsInfo.
#include "broker/config.h"
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "broker/topics.h"
#include "wire/bodies/stats.h"
#include "wire/headers/admin.h"

namespace gantry::broker {

void handle_get_topic_stats(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::GetTopicStatsInfoRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  Topic* topic = broker.topics.find(header->topic);
  if (topic == nullptr) {
    return request.reply.send(wire::response_code::kTopicNotExist, fmt::format("topic[{}] not exist", header->topic));
  }
  wire::TopicStatsTable stats;
  for (std::int32_t id = 0; id < topic->queue_count(); ++id) {
    wire::TopicOffset offset;
    offset.min_offset = min_offset(broker, *topic, id);
    offset.max_offset = max_offset(broker, *topic, id);
    offset.last_update_timestamp_ms = store_time_ms(broker, *topic, id, offset.max_offset - 1).value_or(0);
    stats.offset_table.emplace(wire::MessageQueue{broker.config.broker_name, id, header->topic}, offset);
  }
  send_body(request.reply, wire::encode_body(stats));
}

}  // namespace gantry::broker
