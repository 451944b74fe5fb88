// GET_ALL_CONSUMER_OFFSET (43): every committed offset, as "topic@group" to queue id to offset.
// Rule: org.apache.rocketmq.broker.offset.ConsumerOffsetManager.
#include <boost/json.hpp>

#include "broker/handlers/handlers.h"
#include "broker/offsets.h"

namespace gantry::broker {

void handle_get_all_consumer_offsets(BrokerContext& broker, remoting::Request request) {
  boost::json::object table;
  broker.offsets.for_each(
      [&](std::string_view group, std::string_view topic, std::int32_t queue_id, std::int64_t offset) {
        auto& queues = table[fmt::format("{}@{}", topic, group)];
        if (!queues.is_object()) queues.emplace_object();
        queues.as_object()[std::to_string(queue_id)] = offset;
      });
  send_body(request.reply, boost::json::serialize(boost::json::object{{"offsetTable", std::move(table)}}));
}

}  // namespace gantry::broker
