// GET_ALL_TOPIC_CONFIG (21). Rule: AdminBrokerProcessor.getAllTopicConfig.
#include "broker/handlers/handlers.h"
#include "broker/topics.h"

namespace gantry::broker {

void handle_get_all_topic_configs(BrokerContext& broker, remoting::Request request) {
  wire::TopicConfigSerializeWrapper all;
  all.data_version = broker.topics.version();
  broker.topics.for_each([&](Topic& topic) { all.topic_config_table.emplace(topic.config.topic_name, topic.config); });
  send_body(request.reply, wire::encode_body(all));
}

}  // namespace gantry::broker
