// GET_ROUTEINFO_BY_TOPIC (105). Rule: org.apache.rocketmq.namesrv.processor.ClientRequestProcessor.
#include "broker/config.h"
#include "broker/handlers/handlers.h"
#include "broker/topics.h"
#include "wire/bodies/route.h"
#include "wire/headers/route.h"

namespace gantry::broker {

void handle_get_route_info(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::GetRouteInfoRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  const Topic* topic = broker.topics.find(header->topic);
  if (topic == nullptr) {
    return request.reply.send(wire::response_code::kTopicNotExist,
                              "No topic route info in name server for the topic: " + header->topic);
  }
  wire::TopicRouteData route;
  wire::QueueData queues;
  queues.broker_name = broker.config.broker_name;
  queues.perm = topic->config.perm & (broker.write_permission_wiped ? ~wire::perm::kWrite : ~0);
  queues.read_queue_nums = topic->config.read_queue_nums;
  queues.write_queue_nums = topic->config.write_queue_nums;
  queues.topic_sys_flag = topic->config.topic_sys_flag;
  route.queue_datas.push_back(std::move(queues));
  wire::BrokerData data;
  data.broker_name = broker.config.broker_name;
  data.cluster = broker.config.cluster_name;
  data.broker_addrs[0] = broker.address;
  route.broker_datas.push_back(std::move(data));
  if (auto order = broker.kv_configs.find("ORDER_TOPIC_CONFIG"); order != broker.kv_configs.end()) {
    if (auto found = order->second.find(header->topic); found != order->second.end())
      route.order_topic_conf = found->second;
  }
  send_body(request.reply, wire::encode_body(route));
}

}  // namespace gantry::broker
