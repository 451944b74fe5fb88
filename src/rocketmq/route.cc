#include "rocketmq/route.h"

#include <algorithm>

#include "wire/bodies/topic.h"
#include "wire/body.h"

namespace gantry::rocketmq {
namespace {

constexpr std::int32_t kQueuesMax = 65'536;  // of one broker; what a name server says is not trusted to be small

void add_queues(const std::string& topic, const std::string& broker, std::int32_t count,
                std::vector<MessageQueue>& queues) {
  for (std::int32_t id = 0; id < std::min(count, kQueuesMax); ++id) queues.push_back({broker, id, topic});
}

}  // namespace

const std::string* master_of(const wire::BrokerData& broker) {
  auto it = broker.broker_addrs.find(kMasterId);
  return it == broker.broker_addrs.end() ? nullptr : &it->second;
}

std::set<std::string> topics_of_brokers(const wire::ClusterInfo& info) {
  std::set<std::string> names;
  for (const auto& [name, broker] : info.broker_addr_table) names.insert(name);
  for (const auto& [cluster, brokers] : info.cluster_addr_table) {
    names.insert(cluster);
    names.insert(cluster + "_REPLY_TOPIC");
  }
  return names;
}

const wire::BrokerData* Route::find_broker(std::string_view name) const {
  auto it = std::find_if(brokers.begin(), brokers.end(), [&](const auto& b) { return b.broker_name == name; });
  return it == brokers.end() ? nullptr : &*it;
}

const wire::QueueData* Route::find_queues(std::string_view broker) const {
  auto it = std::find_if(queues.begin(), queues.end(), [&](const auto& q) { return q.broker_name == broker; });
  return it == queues.end() ? nullptr : &*it;
}

const std::string* Route::master(std::string_view broker) const {
  const wire::BrokerData* found = find_broker(broker);
  return found == nullptr ? nullptr : master_of(*found);
}

std::vector<MessageQueue> Route::write_queues() const {
  std::vector<MessageQueue> result;
  for (const wire::QueueData& data : queues) {
    if ((data.perm & wire::perm::kWrite) == 0 || master(data.broker_name) == nullptr) continue;
    add_queues(topic, data.broker_name, data.write_queue_nums, result);
  }
  return result;
}

std::vector<MessageQueue> Route::read_queues() const {
  std::vector<MessageQueue> result;
  for (const wire::QueueData& data : queues) {
    if ((data.perm & wire::perm::kRead) == 0) continue;
    add_queues(topic, data.broker_name, data.read_queue_nums, result);
  }
  return result;
}

Result<Route> decode_route(std::string topic, std::string_view body) {
  auto data = wire::decode_body<wire::TopicRouteData>(body);
  if (!data) return std::unexpected(in_context(fmt::format("route of topic {}", topic), data.error()));
  Route route;
  route.topic = std::move(topic);
  route.brokers = std::move(data->broker_datas);
  route.queues = std::move(data->queue_datas);
  // every client must see the same order whatever order the name server's maps had
  std::sort(route.queues.begin(), route.queues.end(),
            [](const auto& a, const auto& b) { return a.broker_name < b.broker_name; });
  std::sort(route.brokers.begin(), route.brokers.end(),
            [](const auto& a, const auto& b) { return a.broker_name < b.broker_name; });
  return route;
}

}  // namespace gantry::rocketmq
