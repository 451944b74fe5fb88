// GET_TOPICS_BY_CLUSTER (224). Rule: RouteInfoManager.getTopicsByCluster.
#include "broker/config.h"
#include "broker/handlers/handlers.h"
#include "broker/topics.h"
#include "wire/headers/admin.h"

namespace gantry::broker {

void handle_get_topics_by_cluster(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::GetTopicsByClusterRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  wire::TopicList list;
  if (header->cluster == broker.config.cluster_name) {
    broker.topics.for_each([&](Topic& topic) { list.topic_list.push_back(topic.config.topic_name); });
  }
  send_body(request.reply, wire::encode_body(list));
}

}  // namespace gantry::broker
