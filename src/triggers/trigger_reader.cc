#include "triggers/trigger_reader.h"

#include "rocketmq/gather.h"
#include "triggers/trigger_value.h"

namespace gantry::triggers {

using boost::asio::awaitable;

Result<PooledCluster> TriggerReader::cluster_of(const kube::RocketmqTriggerMetadata& trigger) {
  ClusterAddress address;
  address.name_servers = normal_name_servers(trigger.name_servers);
  address.tls = trigger.tls;
  address.access_key = trigger.access_key;
  address.secret_key = trigger.secret_key;
  if (!trigger.credentials.empty()) {
    auto credentials = credentials_.find(trigger.credentials, {trigger.object_namespace, trigger.name_servers});
    if (!credentials) return std::unexpected(credentials.error());
    address.credentials = trigger.credentials;
    address.access_key = std::move(credentials->access_key);
    address.secret_key = std::move(credentials->secret_key);
  }
  return pool_.get(address);
}

awaitable<Result<TriggerRead>> TriggerReader::read(kube::RocketmqTriggerMetadata trigger,
                                                   std::chrono::milliseconds max_age) {
  auto cluster = cluster_of(trigger);
  if (!cluster) co_return std::unexpected(cluster.error());
  auto queries = lag_queries(trigger);
  for (lag::LagQuery& query : queries) query.needs = needs_of(trigger);
  TriggerRead read;
  if (queries.size() == 1) {  // nearly always: no coroutine of its own then
    read.readings.push_back(co_await cluster->lag->read(std::move(queries.front()), max_age));
  } else {
    std::vector<awaitable<Result<lag::LagReading>>> reads;
    reads.reserve(queries.size());
    for (lag::LagQuery& query : queries) reads.push_back(cluster->lag->read(std::move(query), max_age));
    read.readings = co_await rocketmq::gather(io_, std::move(reads));
  }
  read.value = trigger_value(trigger, read.readings);
  co_return read;
}

}  // namespace gantry::triggers
