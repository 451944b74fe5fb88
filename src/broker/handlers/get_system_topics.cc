// GET_SYSTEM_TOPIC_LIST_FROM_NS (304) and _FROM_BROKER (305). Rule: RouteInfoManager.getSystemTopicList.
#include "broker/handlers/handlers.h"
#include "broker/topics.h"

namespace gantry::broker {

void handle_get_system_topics(BrokerContext& broker, remoting::Request request) {
  wire::TopicList list;
  list.broker_addr = broker.address;
  broker.topics.for_each([&](Topic& topic) {
    if (broker.topics.is_system(topic.config.topic_name)) list.topic_list.push_back(topic.config.topic_name);
  });
  send_body(request.reply, wire::encode_body(list));
}

}  // namespace gantry::broker
