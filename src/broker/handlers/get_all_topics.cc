// GET_ALL_TOPIC_LIST_FROM_NAMESERVER (206). Rule: RouteInfoManager.getAllTopicList.
#include "broker/handlers/handlers.h"
#include "broker/topics.h"

namespace gantry::broker {

void handle_get_all_topics(BrokerContext& broker, remoting::Request request) {
  wire::TopicList list;
  broker.topics.for_each([&](Topic& topic) { list.topic_list.push_back(topic.config.topic_name); });
  send_body(request.reply, wire::encode_body(list));
}

}  // namespace gantry::broker
