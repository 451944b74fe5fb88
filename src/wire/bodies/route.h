// Where topics and brokers are: the bodies of GET_ROUTEINFO_BY_TOPIC (105) and GET_BROKER_CLUSTER_INFO (106).
// Rule: org.apache.rocketmq.remoting.protocol.route and ClusterInfo.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "wire/body.h"

namespace gantry::wire {

// perm: bits of wire/bodies/topic.h perm.
struct QueueData {
  std::string broker_name;
  std::int32_t perm = 0;
  std::int32_t read_queue_nums = 0;
  std::int32_t topic_sys_flag = 0;
  std::int32_t write_queue_nums = 0;

  static constexpr auto table() {
    return std::tuple{field("brokerName", &QueueData::broker_name), field_or("perm", &QueueData::perm),
                      field_or("readQueueNums", &QueueData::read_queue_nums),
                      field_or("topicSysFlag", &QueueData::topic_sys_flag),
                      field_or("writeQueueNums", &QueueData::write_queue_nums)};
  }
  bool operator==(const QueueData&) const = default;
};

// broker_addrs: broker id (0 is the master) to "host:port".
struct BrokerData {
  std::map<std::int64_t, std::string> broker_addrs;
  std::string broker_name;
  std::string cluster;
  bool enable_acting_master = false;
  std::optional<std::string> zone_name;

  static constexpr auto table() {
    return std::tuple{field_or("brokerAddrs", &BrokerData::broker_addrs), field("brokerName", &BrokerData::broker_name),
                      field_or("cluster", &BrokerData::cluster),
                      field_or("enableActingMaster", &BrokerData::enable_acting_master),
                      field_or("zoneName", &BrokerData::zone_name)};
  }
  bool operator==(const BrokerData&) const = default;
};

struct TopicRouteData {
  std::vector<BrokerData> broker_datas;
  std::map<std::string, std::vector<std::string>> filter_server_table;
  std::optional<std::string> order_topic_conf;
  std::vector<QueueData> queue_datas;

  static constexpr auto table() {
    return std::tuple{field_or("brokerDatas", &TopicRouteData::broker_datas),
                      field_or("filterServerTable", &TopicRouteData::filter_server_table),
                      field_or("orderTopicConf", &TopicRouteData::order_topic_conf),
                      field_or("queueDatas", &TopicRouteData::queue_datas)};
  }
  bool operator==(const TopicRouteData&) const = default;
};

// broker name to broker, cluster name to broker names.
struct ClusterInfo {
  std::map<std::string, BrokerData> broker_addr_table;
  std::map<std::string, std::vector<std::string>> cluster_addr_table;

  static constexpr auto table() {
    return std::tuple{field_or("brokerAddrTable", &ClusterInfo::broker_addr_table),
                      field_or("clusterAddrTable", &ClusterInfo::cluster_addr_table)};
  }
  bool operator==(const ClusterInfo&) const = default;
};

}  // namespace gantry::wire
