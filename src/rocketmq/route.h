// Where the queues of a topic are, and the addresses of the brokers that hold them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "rocketmq/message.h"
#include "wire/bodies/route.h"

namespace gantry::rocketmq {

inline constexpr std::int64_t kMasterId = 0;

// The address of the master; null when only slaves are left.
const std::string* master_of(const wire::BrokerData& broker);

// Topics that brokers name after themselves and their clusters.
std::set<std::string> topics_of_brokers(const wire::ClusterInfo& info);

struct Route {
  std::string topic;
  std::vector<wire::BrokerData> brokers;
  std::vector<wire::QueueData> queues;

  const wire::BrokerData* find_broker(std::string_view name) const;
  const wire::QueueData* find_queues(std::string_view broker) const;
  const std::string* master(std::string_view broker) const;

  // Queues that a producer may use: writable, of brokers with a master. Rule:
  // org.apache.rocketmq.client.impl.factory.MQClientInstance.topicRouteData2TopicPublishInfo.
  std::vector<MessageQueue> write_queues() const;
  // Queues that a consumer reads, sorted. Rule: topicRouteData2TopicSubscribeInfo.
  std::vector<MessageQueue> read_queues() const;
};

Result<Route> decode_route(std::string topic, std::string_view body);

}  // namespace gantry::rocketmq
