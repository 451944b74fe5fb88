#include "exporter/cluster_reader.h"

#include <algorithm>
#include <set>

#include "exporter/member_names.h"
#include "lag/arithmetic.h"
#include "queueing/topic_names.h"
#include "rocketmq/gather.h"
#include "rocketmq/identity.h"
#include "wire/bodies/consumer.h"
#include "wire/bodies/consumer_offsets.h"
#include "wire/bodies/kv_table.h"
#include "wire/bodies/topic.h"
#include "wire/codes.h"
#include "wire/headers/admin.h"
#include "wire/headers/group.h"

namespace gantry::exporter {

namespace asio = boost::asio;
namespace code = wire::request_code;
namespace rc = wire::response_code;

// One request, or a few that belong together, of one broker.
struct ClusterReader::Job {
  using Does = asio::awaitable<void> (ClusterReader::*)(Cycle& cycle, Job job);
  Does does = nullptr;
  BrokerFacts* broker = nullptr;
  std::string topic;
  std::string group;
  ClientFacts* client = nullptr;
};

struct ClusterReader::Cycle {
  ClusterFacts& facts;
  std::vector<Job> jobs;
  std::size_t next = 0;
  std::set<std::string> own_topics{};  // brokers' and clusters' own, by their names

  void failed(const char* request) { ++facts.errors[request]; }
};

namespace {

// Bodies that say everything of a broker are as large as a frame may be.
constexpr wire::JsonLimits kLargeBody{16 * 1024 * 1024, 32, 8 * 1024 * 1024};

asio::awaitable<bool> done_when(asio::awaitable<void> work) {
  co_await std::move(work);
  co_return true;
}

void take_stats(const wire::ConsumeStats& stats, GroupFacts& group) {
  for (const auto& [queue, offset] : stats.offset_table) {
    group.stats[queue.topic].push_back(lag::group_queue(queue.queue_id, offset));
  }
}

bool lags(const GroupQueue& queue) { return queue.consumer_offset < queue.broker_offset; }

// Whether 208 and 303, asked one after the other, contradict each other.
bool races(const GroupQueue& queue) {
  lag::QueueFacts facts;
  facts.broker_offset = queue.broker_offset;
  facts.consumer_offset = queue.consumer_offset;
  facts.delay_ms = queue.delay_ms;
  facts.consumer_offset_before = queue.consumer_offset_before;
  return lag::is_racing(facts);
}

}  // namespace

ClusterReader::ClusterReader(std::shared_ptr<rocketmq::Cluster> cluster, Config config)
    : cluster_(cluster), config_(config), admin_(cluster) {}

// Once a broker does not answer, it is asked nothing more in this cycle: each request would wait for its timeout.
asio::awaitable<Result<wire::Command>> ClusterReader::ask(Cycle& cycle, BrokerFacts& broker, const char* name,
                                                          wire::Command request) {
  if (broker.failed) co_return std::unexpected(*broker.failed);
  ++cycle.facts.requests;
  auto response = co_await cluster_->call_ok(broker.address, std::move(request), config_.request_timeout);
  if (!response) {
    const Errc why = response.error().code;
    if (why != Errc::not_found) cycle.failed(name);
    if (why == Errc::unavailable || why == Errc::timeout) broker.failed = response.error();
  }
  co_return response;
}

asio::awaitable<void> ClusterReader::read(ClusterFacts& facts) {
  facts.started_ms = rocketmq::unix_now_ms();
  Cycle cycle{facts, {}};
  ++facts.requests;
  auto info = co_await admin_.cluster_info();
  if (!info) {
    cycle.failed("cluster_info");
    facts.failed = info.error();
    co_return;
  }
  cycle.own_topics = rocketmq::topics_of_brokers(*info);
  for (const auto& [name, data] : info->broker_addr_table) {
    BrokerFacts& broker = facts.brokers.emplace_back();
    broker.name = name;
    broker.cluster = data.cluster;
    if (const std::string* master = rocketmq::master_of(data)) {
      broker.address = *master;
    } else {
      broker.failed = Error{Errc::unavailable, "it has no master now"};
    }
    for (const auto& [id, address] : data.broker_addrs) {
      if (address != broker.address) broker.replicas[address];
    }
  }
  std::vector<asio::awaitable<bool>> brokers;
  for (BrokerFacts& broker : facts.brokers) {
    if (!broker.failed) brokers.push_back(done_when(read_broker(cycle, broker)));
  }
  co_await rocketmq::gather(cluster_->io(), std::move(brokers));

  std::vector<Job> jobs;
  for (BrokerFacts& broker : facts.brokers) {
    for (auto& [topic, topic_facts] : broker.topics) {
      if (queueing::is_system_topic(topic)) continue;
      jobs.push_back({&ClusterReader::read_topic_stats, &broker, topic, {}, nullptr});
    }
    for (auto& [group, group_facts] : broker.groups) {
      jobs.push_back({&ClusterReader::read_group, &broker, {}, group, nullptr});
    }
  }
  co_await run(cycle, std::move(jobs));

  jobs.clear();
  std::set<std::pair<std::string_view, std::string_view>> clients;  // group and client: most are known to every broker
  for (BrokerFacts& broker : facts.brokers) {
    for (auto& [topic, topic_facts] : broker.topics) {
      if (!config_.message_sizes || !topic_facts.queues) continue;
      jobs.push_back({&ClusterReader::read_topic_sizes, &broker, topic, {}, nullptr});
    }
    for (auto& [group, group_facts] : broker.groups) {
      for (auto& [topic, queues] : group_facts.stats) {
        if (config_.message_sizes) jobs.push_back({&ClusterReader::read_pair_sizes, &broker, topic, group, nullptr});
        if (std::ranges::any_of(queues, lags)) {
          jobs.push_back({&ClusterReader::read_delays, &broker, topic, group, nullptr});
        }
      }
      if (!config_.client_details || !group_facts.clients) continue;
      for (ClientFacts& client : *group_facts.clients) {
        if (clients.contains({group, client.client_id})) continue;
        if (clients.size() >= config_.clients_max) {
          ++facts.dropped["clients"];
        } else {
          clients.emplace(group, client.client_id);
          jobs.push_back({&ClusterReader::read_client, &broker, {}, group, &client});
        }
      }
    }
  }
  co_await run(cycle, std::move(jobs));

  // between the two answers somebody consumed; what still contradicts itself then is clamped by the arithmetic
  constexpr int kAttemptsMore = 2;
  for (int attempt = 0; attempt < kAttemptsMore; ++attempt) {
    jobs.clear();
    for (BrokerFacts& broker : facts.brokers) {
      for (auto& [group, group_facts] : broker.groups) {
        for (auto& [topic, queues] : group_facts.stats) {
          if (std::ranges::any_of(queues, races)) {
            jobs.push_back({&ClusterReader::read_pair_again, &broker, topic, group, nullptr});
          }
        }
      }
    }
    if (jobs.empty()) break;
    co_await run(cycle, std::move(jobs));
  }
}

asio::awaitable<void> ClusterReader::run(Cycle& cycle, std::vector<Job> jobs) {
  cycle.jobs = std::move(jobs);
  cycle.next = 0;
  std::vector<asio::awaitable<bool>> workers;
  auto work = [](ClusterReader& self, Cycle& cycle) -> asio::awaitable<bool> {
    while (cycle.next < cycle.jobs.size()) {
      Job job = std::move(cycle.jobs[cycle.next++]);
      if (job.broker->failed) continue;
      const Job::Does does = job.does;
      co_await (self.*does)(cycle, std::move(job));
    }
    co_return true;
  };
  const std::size_t width = std::min(std::max<std::size_t>(config_.requests_in_flight_max, 1), cycle.jobs.size());
  workers.reserve(width);
  for (std::size_t i = 0; i < width; ++i) workers.push_back(work(*this, cycle));
  co_await rocketmq::gather(cluster_->io(), std::move(workers));
}

asio::awaitable<void> ClusterReader::read_broker(Cycle& cycle, BrokerFacts& broker) {
  std::vector<asio::awaitable<bool>> requests;
  requests.push_back(done_when(read_topics(cycle, broker)));
  requests.push_back(done_when(read_group_names(cycle, broker)));
  requests.push_back(done_when(read_committed(cycle, broker)));
  requests.push_back(done_when(read_runtime(cycle, broker)));
  requests.push_back(done_when(read_producers(cycle, broker)));
  co_await rocketmq::gather(cluster_->io(), std::move(requests));
  if (!broker.committed) co_return;
  for (const auto& [key, queues] : *broker.committed) {
    const std::size_t at = key.rfind('@');
    if (at == std::string::npos || at + 1 == key.size()) continue;
    if (broker.groups.size() >= config_.groups_max && !broker.groups.contains(key.substr(at + 1))) {
      ++cycle.facts.dropped["groups"];
      continue;
    }
    broker.groups[key.substr(at + 1)];
  }
}

asio::awaitable<void> ClusterReader::read_topics(Cycle& cycle, BrokerFacts& broker) {
  auto response = co_await ask(cycle, broker, "topic_configs", wire::make_request(code::kGetAllTopicConfig));
  if (!response) {
    // which topics it holds is what all else hangs on
    if (!broker.failed) broker.failed = response.error();
    co_return;
  }
  auto body = wire::decode_body<wire::TopicConfigSerializeWrapper>(response->body, kLargeBody);
  if (!body) {
    cycle.failed("topic_configs");
    broker.failed = body.error();
    co_return;
  }
  for (const auto& [name, config] : body->topic_config_table) {
    if (cycle.own_topics.contains(name)) continue;
    if (broker.topics.size() >= config_.topics_max) {
      ++cycle.facts.dropped["topics"];
      continue;
    }
    TopicFacts& topic = broker.topics[name];
    topic.read_queues = config.read_queue_nums;
    topic.write_queues = config.write_queue_nums;
  }
}

asio::awaitable<void> ClusterReader::read_group_names(Cycle& cycle, BrokerFacts& broker) {
  auto response = co_await ask(cycle, broker, "groups", wire::make_request(code::kGetAllSubscriptiongroupConfig));
  if (!response) co_return;
  auto names = member_names(response->body, "subscriptionGroupTable", config_.groups_max + 1);
  if (!names) {
    cycle.failed("groups");
    co_return;
  }
  for (const std::string& name : *names) {
    if (broker.groups.size() >= config_.groups_max && !broker.groups.contains(name)) {
      ++cycle.facts.dropped["groups"];
    } else {
      broker.groups[name];
    }
  }
}

asio::awaitable<void> ClusterReader::read_committed(Cycle& cycle, BrokerFacts& broker) {
  auto response = co_await ask(cycle, broker, "committed_offsets", wire::make_request(code::kGetAllConsumerOffset));
  if (!response) co_return;
  auto body = wire::decode_body<wire::ConsumerOffsets>(response->body, kLargeBody);
  if (body) {
    broker.committed = std::move(body->offset_table);
  } else {
    cycle.failed("committed_offsets");
  }
}

asio::awaitable<void> ClusterReader::read_runtime(Cycle& cycle, BrokerFacts& broker) {
  auto response = co_await ask(cycle, broker, "runtime", wire::make_request(code::kGetBrokerRuntimeInfo));
  if (response) {
    auto body = wire::decode_body<wire::KVTable>(response->body);
    if (body) {
      broker.runtime = std::move(body->entries);
    } else {
      cycle.failed("runtime");
    }
  }
  for (auto& [address, runtime] : broker.replicas) {
    ++cycle.facts.requests;
    auto answer = co_await admin_.runtime_info(address);
    if (answer) {
      runtime = std::move(*answer);
    } else {
      cycle.failed("runtime");
    }
  }
}

asio::awaitable<void> ClusterReader::read_producers(Cycle& cycle, BrokerFacts& broker) {
  auto response = co_await ask(cycle, broker, "producers", wire::make_request(code::kGetAllProducerInfo));
  if (!response) co_return;
  auto body = wire::decode_body<wire::ProducerTableInfo>(response->body, kLargeBody);
  if (!body) {
    cycle.failed("producers");
    co_return;
  }
  auto& producers = broker.producers.emplace();
  for (const auto& [group, clients] : body->data) {
    if (producers.size() >= config_.groups_max) {
      ++cycle.facts.dropped["groups"];
    } else {
      producers[group] = static_cast<std::int64_t>(clients.size());
    }
  }
}

asio::awaitable<void> ClusterReader::read_topic_stats(Cycle& cycle, Job job) {
  wire::GetTopicStatsInfoRequestHeader header;
  header.topic = job.topic;
  auto response = co_await ask(cycle, *job.broker, "topic_stats", wire::make_request(code::kGetTopicStatsInfo, header));
  if (!response) {
    if (response.error().code == Errc::not_found) job.broker->topics.erase(job.topic);  // deleted since the list
    co_return;
  }
  auto body = wire::decode_body<wire::TopicStatsTable>(response->body);
  if (!body) {
    cycle.failed("topic_stats");
    co_return;
  }
  const auto found = job.broker->topics.find(job.topic);
  if (found == job.broker->topics.end()) co_return;
  auto& queues = found->second.queues.emplace();
  queues.reserve(body->offset_table.size());
  for (const auto& [queue, offsets] : body->offset_table) {
    queues.push_back({queue.queue_id, offsets.min_offset, offsets.max_offset});
    found->second.last_store_ms = std::max(found->second.last_store_ms, offsets.last_update_timestamp_ms);
  }
}

asio::awaitable<void> ClusterReader::read_group(Cycle& cycle, Job job) {
  GroupFacts& group = job.broker->groups[job.group];
  wire::GetConsumerConnectionListRequestHeader header;
  header.consumer_group = job.group;
  auto response =
      co_await ask(cycle, *job.broker, "connections", wire::make_request(code::kGetConsumerConnectionList, header));
  if (response) {
    auto body = wire::decode_body<wire::ConsumerConnection>(response->body, kLargeBody);
    if (body) {
      auto& clients = group.clients.emplace();
      for (wire::Connection& client : body->connection_set) {
        clients.push_back({std::move(client.client_id), std::move(client.client_addr), {}});
      }
      group.consume_type = std::move(body->consume_type);
      group.message_model = std::move(body->message_model);
      for (const auto& [topic, subscription] : body->subscription_table) group.subscriptions.push_back(topic);
    } else {
      cycle.failed("connections");
    }
  } else if (response.error().code == Errc::not_found) {
    group.clients.emplace();
  }
  // topics that the group has committed in come without being named, those that it only subscribes to do not
  Job stats = job;
  stats.topic.clear();
  co_await read_group_stats(cycle, std::move(stats));
  for (std::size_t i = 0; i < group.subscriptions.size(); ++i) {
    const std::string topic = group.subscriptions[i];
    if (group.stats.contains(topic) || !job.broker->topics.contains(topic)) continue;
    Job more = job;
    more.topic = topic;
    co_await read_group_stats(cycle, std::move(more));
  }
}

asio::awaitable<void> ClusterReader::read_group_stats(Cycle& cycle, Job job) {
  GroupFacts& group = job.broker->groups[job.group];
  wire::GetConsumeStatsRequestHeader header;
  header.consumer_group = job.group;
  if (!job.topic.empty()) header.topic = job.topic;
  auto response = co_await ask(cycle, *job.broker, "consume_stats", wire::make_request(code::kGetConsumeStats, header));
  if (!response) {
    group.stats_read = false;
    co_return;
  }
  auto body = wire::decode_body<wire::ConsumeStats>(response->body, kLargeBody);
  if (!body) {
    group.stats_read = false;
    cycle.failed("consume_stats");
    co_return;
  }
  group.stats_read = true;
  take_stats(*body, group);
}

asio::awaitable<void> ClusterReader::read_delays(Cycle& cycle, Job job) {
  wire::QueryConsumeTimeSpanRequestHeader header;
  header.topic = job.topic;
  header.group = job.group;
  auto response = co_await ask(cycle, *job.broker, "delays", wire::make_request(code::kQueryConsumeTimeSpan, header));
  if (!response) co_return;
  auto body = wire::decode_body<wire::QueryConsumeTimeSpanBody>(response->body);
  if (!body) {
    cycle.failed("delays");
    co_return;
  }
  auto& queues = job.broker->groups[job.group].stats[job.topic];
  for (const wire::QueueTimeSpan& span : body->consume_time_span_set) {
    const auto queue = std::ranges::find(queues, span.message_queue.queue_id, &GroupQueue::queue_id);
    if (queue == queues.end()) continue;
    queue->delay_ms = span.delay_time_ms;
    queue->min_time_ms = span.min_timestamp_ms;
  }
}

asio::awaitable<void> ClusterReader::read_pair_again(Cycle& cycle, Job job) {
  GroupFacts& group = job.broker->groups[job.group];
  const auto before = group.stats[job.topic];
  group.stats.erase(job.topic);
  co_await read_group_stats(cycle, job);
  if (!group.stats.contains(job.topic)) {  // no longer told: what was read first has to do
    group.stats[job.topic] = before;
    co_return;
  }
  for (GroupQueue& queue : group.stats[job.topic]) {
    const auto was = std::ranges::find(before, queue.queue_id, &GroupQueue::queue_id);
    if (was != before.end()) queue.consumer_offset_before = was->consumer_offset;
  }
  co_await read_delays(cycle, std::move(job));
}

asio::awaitable<std::optional<wire::BrokerStatsItem>> ClusterReader::last_minute(Cycle& cycle, BrokerFacts& broker,
                                                                                 const char* stats, std::string key) {
  wire::ViewBrokerStatsDataRequestHeader header;
  header.stats_name = stats;
  header.stats_key = std::move(key);
  ++cycle.facts.requests;
  // not through ask(): a broker refuses what it has no numbers of
  auto response = co_await cluster_->call_ok(broker.address, wire::make_request(code::kViewBrokerStatsData, header),
                                             config_.request_timeout);
  if (!response) co_return std::nullopt;
  auto body = wire::decode_body<wire::BrokerStatsData>(response->body);
  if (!body) {
    cycle.failed("message_sizes");
    co_return std::nullopt;
  }
  co_return body->stats_minute;
}

asio::awaitable<void> ClusterReader::read_topic_sizes(Cycle& cycle, Job job) {
  const auto size = co_await last_minute(cycle, *job.broker, "TOPIC_PUT_SIZE", job.topic);
  const auto topic = job.broker->topics.find(job.topic);
  if (size && topic != job.broker->topics.end()) topic->second.put_bytes_per_second = size->tps;
}

asio::awaitable<void> ClusterReader::read_pair_sizes(Cycle& cycle, Job job) {
  const std::string key = job.topic + "@" + job.group;
  const auto got = co_await last_minute(cycle, *job.broker, "GROUP_GET_SIZE", key);
  const auto sent_back = co_await last_minute(cycle, *job.broker, "SNDBCK_PUT_NUMS", key);
  PairSizes& sizes = job.broker->groups[job.group].sizes[job.topic];
  if (got) sizes.got_bytes_per_second = got->tps;
  if (sent_back) sizes.sent_back = sent_back->sum;
}

asio::awaitable<void> ClusterReader::read_client(Cycle& cycle, Job job) {
  wire::GetConsumerRunningInfoRequestHeader header;
  header.consumer_group = job.group;
  header.client_id = job.client->client_id;
  ++cycle.facts.requests;
  // not through ask(): a client that does not answer says nothing about its broker
  auto response = co_await cluster_->call_ok(
      job.broker->address, wire::make_request(code::kGetConsumerRunningInfo, header), config_.client_timeout);
  if (!response) {
    cycle.failed("client_details");
    co_return;
  }
  auto body = wire::decode_body<wire::ConsumerRunningInfo>(response->body, kLargeBody);
  if (!body) {
    cycle.failed("client_details");
    co_return;
  }
  for (const auto& [topic, status] : body->status_table) {
    ClientStatus& taken = job.client->status.emplace_back();
    taken.topic = topic;
    taken.failed_messages = status.consume_failed_msgs;
    taken.failed_per_second = status.consume_failed_tps;
    taken.consumed_per_second = status.consume_ok_tps;
    taken.consume_ms = status.consume_rt_ms;
    taken.pull_ms = status.pull_rt_ms;
    taken.pulled_per_second = status.pull_tps;
  }
}

}  // namespace gantry::exporter
