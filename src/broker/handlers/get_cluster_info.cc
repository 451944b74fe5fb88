// GET_BROKER_CLUSTER_INFO (106). Rule: org.apache.rocketmq.namesrv.routeinfo.RouteInfoManager.getAllClusterInfo.
#include "broker/config.h"
#include "broker/handlers/handlers.h"
#include "wire/bodies/route.h"

namespace gantry::broker {

void handle_get_cluster_info(BrokerContext& broker, remoting::Request request) {
  wire::ClusterInfo info;
  wire::BrokerData data;
  data.broker_name = broker.config.broker_name;
  data.cluster = broker.config.cluster_name;
  data.broker_addrs[0] = broker.address;
  info.broker_addr_table[data.broker_name] = data;
  info.cluster_addr_table[data.cluster] = {data.broker_name};
  send_body(request.reply, wire::encode_body(info));
}

}  // namespace gantry::broker
