#include "lag/group_clients.h"

#include <algorithm>
#include <set>

#include "rocketmq/admin.h"
#include "rocketmq/gather.h"
#include "wire/bodies/heartbeat.h"

namespace gantry::lag {

namespace asio = boost::asio;

namespace {

struct AskedClient {
  GroupClient client;
  std::string broker;  // through which it is asked
};

asio::awaitable<Result<std::set<std::string>>> masters_of(std::shared_ptr<rocketmq::Cluster> cluster,
                                                          std::vector<std::string> topics,
                                                          rocketmq::Deadline deadline) {
  std::set<std::string> addresses;
  for (const std::string& topic : topics) {
    auto route = co_await cluster->route(topic, rocketmq::Freshness::cached, deadline);
    if (!route) co_return std::unexpected(route.error());
    for (const wire::QueueData& queues : route->queues) {
      if (const std::string* master = route->master(queues.broker_name)) addresses.insert(*master);
    }
  }
  if (addresses.empty()) co_return fail(Errc::unavailable, "no broker of the topic has a master");
  co_return addresses;
}

asio::awaitable<GroupClient> ask(std::shared_ptr<rocketmq::Cluster> cluster, std::string group, AskedClient asked,
                                 std::chrono::milliseconds timeout) {
  rocketmq::AdminQueries admin(cluster);
  GroupClient client = std::move(asked.client);
  auto info = co_await admin.consumer_running_info(asked.broker, group, client.client_id, timeout);
  if (!info) {
    client.why = fmt::format("consumer {} does not tell its queues: {}", client.client_id, info.error().message);
    co_return client;
  }
  client.queues.emplace();
  for (const auto& [queue, state] : info->mq_table) {
    if (state.dropped) continue;  // handed over, and not cleared away yet
    client.queues->emplace(QueueName{queue.topic, queue.broker_name, queue.queue_id}, state.last_pull_timestamp_ms);
  }
  co_return client;
}

std::vector<std::string> addresses_of(const wire::Connection& connection) {
  std::vector<std::string> addresses;
  for (std::string address : {address_of_remote(connection.client_addr), address_of_client_id(connection.client_id)}) {
    if (!address.empty() && std::ranges::find(addresses, address) == addresses.end()) {
      addresses.push_back(std::move(address));
    }
  }
  return addresses;
}

}  // namespace

asio::awaitable<Result<GroupClients>> read_group_clients(std::shared_ptr<rocketmq::Cluster> cluster, std::string group,
                                                         std::vector<std::string> topics, GroupClientsConfig config) {
  const rocketmq::Deadline deadline = std::chrono::steady_clock::now() + config.timeout;
  auto masters = co_await masters_of(cluster, std::move(topics), deadline);
  if (!masters) co_return std::unexpected(masters.error());
  rocketmq::AdminQueries admin(cluster, deadline);
  const std::vector<std::string> brokers(masters->begin(), masters->end());
  std::vector<asio::awaitable<Result<wire::ConsumerConnection>>> questions;
  questions.reserve(brokers.size());
  for (const std::string& broker : brokers) questions.push_back(admin.consumer_connection(broker, group));
  auto answers = co_await rocketmq::gather(cluster->io(), std::move(questions));

  GroupClients result;
  std::map<std::string, AskedClient> found;  // by client id: each is connected to every broker
  std::optional<Error> failed;
  std::size_t answered = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i]) {
      if (answers[i].error().code == Errc::not_found) {  // nobody is connected there
        ++answered;
      } else {
        failed = answers[i].error();
      }
      continue;
    }
    ++answered;
    if (answers[i]->consume_type == wire::kConsumePop) result.pop = true;
    for (const wire::Connection& connection : answers[i]->connection_set) {
      AskedClient asked;
      asked.client.client_id = connection.client_id;
      asked.client.addresses = addresses_of(connection);
      asked.broker = brokers[i];
      found.emplace(connection.client_id, std::move(asked));
    }
  }
  if (answered == 0 && failed) co_return std::unexpected(*failed);
  if (result.pop) co_return result;
  if (found.size() > config.clients_max) {
    co_return fail(Errc::resource_exhausted, "group {} has {} consumers, more than the {} that are asked", group,
                   found.size(), config.clients_max);
  }
  std::vector<asio::awaitable<GroupClient>> clients;
  for (auto next = found.begin(); next != found.end();) {
    if (admin.out_of_time()) {
      GroupClient& client = result.clients.emplace_back(std::move(next->second.client));
      client.why = fmt::format("consumer {} was not asked for its queues: no time was left", next->first);
      ++next;
      continue;
    }
    const auto left = std::chrono::floor<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    clients.clear();
    for (; next != found.end() && clients.size() < config.at_once_max; ++next) {
      clients.push_back(ask(cluster, group, std::move(next->second), std::min(config.client_timeout, left)));
    }
    auto told = co_await rocketmq::gather(cluster->io(), std::move(clients));
    std::ranges::move(told, std::back_inserter(result.clients));
  }
  co_return result;
}

}  // namespace gantry::lag
