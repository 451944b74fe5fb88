// GET_TOPIC_CONFIG (351). Rule: AdminBrokerProcessor.getTopicConfig: TopicConfigAndQueueMapping, whose fields are a
// TopicConfig's and more.
#include "broker/handlers/handlers.h"
#include "broker/topics.h"
#include "wire/headers/admin.h"

namespace gantry::broker {

void handle_get_topic_config(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::GetTopicConfigRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  const Topic* topic = broker.topics.find(header->topic);
  if (topic == nullptr) {
    return request.reply.send(wire::response_code::kTopicNotExist,
                              fmt::format("No topic in this broker. topic: {}", header->topic));
  }
  send_body(request.reply, wire::encode_body(topic->config));
}

}  // namespace gantry::broker
