#include "lag/rocketmq_lag.h"

#include <algorithm>

#include "rocketmq/gather.h"
#include "wire/bodies/heartbeat.h"
#include "wire/pop_receipt.h"

namespace gantry::lag {

namespace asio = boost::asio;
using rocketmq::AdminQueries;
using rocketmq::MessageQueue;

// What one broker contributes.
struct RocketmqLag::BrokerPart {
  std::string name;
  std::optional<Error> failed;  // nothing of it is known
  std::vector<QueueReading> queues;
  std::optional<Retries> retry;
  std::optional<std::int64_t> dead_letter;
  std::optional<std::int64_t> delayed, delayed_retry;
  std::optional<std::set<std::string>> clients;
  std::vector<std::string> unknown;
  bool pop = false;
};

namespace {

constexpr std::size_t kTopicsRememberedMax = 50'000;
// A group of POP consumers is one for so long after the last one left: between two of them nothing else tells.
constexpr std::chrono::hours kPopRememberedFor{1};
constexpr std::size_t kBrokersRememberedMax = 10'000;

bool any_racing(const FactsByQueue& facts) {
  return std::ranges::any_of(facts, [](const auto& entry) { return is_racing(entry.second); });
}

// An awaitable<bool> that puts its result where it belongs, so that requests of different kinds can be gathered.
template <class T>
asio::awaitable<bool> into(asio::awaitable<Result<T>> request, Result<T>& result) {
  result = co_await std::move(request);
  co_return result.has_value();
}

}  // namespace

RocketmqLag::RocketmqLag(std::shared_ptr<rocketmq::Cluster> cluster, RocketmqLagConfig config)
    : cluster_(cluster), config_(config), delayed_(cluster, config.delayed) {
  config_.timeout = std::max(config_.timeout, cluster_->config().request_timeout);
}

bool RocketmqLag::popped_lately(const std::string& group) {
  const auto found = pop_groups_.find(group);
  if (found == pop_groups_.end()) return false;
  if (std::chrono::steady_clock::now() - found->second < kPopRememberedFor) return true;
  pop_groups_.erase(found);
  return false;
}

std::map<std::string, std::string> RocketmqLag::brokers_of(const rocketmq::Route& route) {
  const auto now = std::chrono::steady_clock::now();
  if (seen_.size() >= kTopicsRememberedMax) seen_.clear();
  auto& seen = seen_[route.topic];
  for (const wire::QueueData& queues : route.queues) seen[queues.broker_name] = now;
  std::erase_if(seen, [&](const auto& entry) { return now - entry.second > config_.remember_broker; });
  std::map<std::string, std::string> brokers;
  for (const auto& [name, at] : seen) {
    const std::string* master = route.master(name);
    brokers[name] = master == nullptr ? std::string() : *master;
  }
  return brokers;
}

asio::awaitable<Result<FactsByQueue>> RocketmqLag::read_facts(AdminQueries admin, std::string name, std::string address,
                                                              LagQuery query, std::int32_t read_queues,
                                                              std::optional<Retries>* told) {
  Result<wire::TopicStatsTable> topic_stats;
  Result<wire::ConsumeStats> consume_stats;
  Result<wire::QueryConsumeTimeSpanBody> spans = fail(Errc::cancelled, "not asked for");
  std::vector<asio::awaitable<bool>> requests;
  requests.push_back(into(admin.topic_stats(address, query.topic), topic_stats));
  requests.push_back(into(admin.consume_stats(address, query.group, query.topic), consume_stats));
  if (query.needs.age) requests.push_back(into(admin.time_span(address, query.topic, query.group), spans));
  co_await rocketmq::gather(cluster_->io(), std::move(requests));
  if (!topic_stats) co_return std::unexpected(topic_stats.error());
  if (!consume_stats) co_return std::unexpected(consume_stats.error());
  told->reset();
  if (consume_stats->retry_messages) {
    *told = Retries{*consume_stats->retry_messages,
                    consume_stats->retry_ready,
                    consume_stats->retry_of_pop.value_or(false),
                    {consume_stats->group_retry_messages.value_or(0), consume_stats->group_retry_ready.value_or(0)}};
  }

  FactsByQueue facts = facts_of(name, read_queues, topic_queues(*topic_stats, query.topic));
  for (const auto& [queue, offsets] : consume_stats->offset_table) {
    if (queue.topic == query.topic) add_group(facts, group_queue(queue.queue_id, offsets));
  }
  if (spans) {
    for (const wire::QueueTimeSpan& span : spans->consume_time_span_set) {
      add_delay(facts, span.message_queue.queue_id, span.delay_time_ms, span.min_timestamp_ms);
    }
  }
  co_await ask_committed(admin, name, address, query, facts);
  co_return facts;
}

asio::awaitable<void> RocketmqLag::ask_committed(AdminQueries admin, std::string name, std::string address,
                                                 LagQuery query, FactsByQueue& facts) {
  std::vector<QueueFacts*> asked;
  std::vector<asio::awaitable<Result<std::optional<std::int64_t>>>> questions;
  for (auto& [id, fact] : facts) {
    if (!must_ask_committed(fact)) continue;
    MessageQueue queue;
    queue.topic = query.topic;
    queue.broker_name = name;
    queue.queue_id = id;
    asked.push_back(&fact);
    questions.push_back(admin.committed(address, query.group, std::move(queue)));
  }
  auto answers = co_await rocketmq::gather(cluster_->io(), std::move(questions));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i]) add_committed(*asked[i], *answers[i]);
  }
}

asio::awaitable<Result<std::int64_t>> RocketmqLag::stored_in(AdminQueries admin, std::string address,
                                                             std::string topic) {
  auto stats = co_await admin.topic_stats(address, topic);
  if (!stats) {
    if (stats.error().code == Errc::not_found) co_return std::int64_t{0};
    co_return std::unexpected(stats.error());
  }
  co_return lag::stored_in(topic_queues(*stats, topic));
}

asio::awaitable<Result<std::int64_t>> RocketmqLag::pending_in(AdminQueries admin, std::string address,
                                                              std::string topic, std::string group, RetryTopic kind) {
  auto stats = co_await admin.topic_stats(address, topic);
  if (!stats) co_return std::unexpected(stats.error());
  // asked one by one: a group whose consumers pull does not subscribe to its retry topic, and 208 then leaves it out
  std::vector<asio::awaitable<Result<std::optional<std::int64_t>>>> questions;
  for (const auto& [queue, offsets] : stats->offset_table) questions.push_back(admin.committed(address, group, queue));
  auto answers = co_await rocketmq::gather(cluster_->io(), std::move(questions));
  std::int64_t total = 0;
  std::size_t i = 0;
  bool any = kind == RetryTopic::own;
  for (const auto& [queue, offsets] : stats->offset_table) {
    const auto& committed = answers[i++];
    if (!committed) co_return std::unexpected(committed.error());
    if (kind == RetryTopic::own_if_committed && !*committed) continue;
    any = true;
    total += lag::pending_in({queue.queue_id, offsets.min_offset, offsets.max_offset}, *committed);
  }
  if (!any) co_return fail(Errc::not_found, "{} is not of group {}", topic, group);
  co_return total;
}

// The retry topic of classic consumers, and those of POP in both namings. That the group has one of the latter shows that
// it consumes by POP.
asio::awaitable<Result<RocketmqLag::Retries>> RocketmqLag::retries_of(AdminQueries admin, std::string address,
                                                                      LagQuery query) {
  std::vector<asio::awaitable<Result<std::int64_t>>> requests;
  const std::string v1 = wire::pop_retry_topic_v1(query.topic, query.group);
  const std::string v2 = wire::pop_retry_topic_v2(query.topic, query.group);
  requests.push_back(pending_in(admin, address, rocketmq::retry_topic(query.group), query.group, RetryTopic::own));
  requests.push_back(pending_in(admin, address, v1, query.group, RetryTopic::own_if_committed));
  requests.push_back(pending_in(admin, address, v2, query.group, RetryTopic::own));
  auto answers = co_await rocketmq::gather(cluster_->io(), std::move(requests));
  Retries retries;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i]) {
      retries.messages += *answers[i];
      if (i == 0) retries.group = {*answers[i], *answers[i]};
      if (i > 0) retries.pop = true;
    } else if (answers[i].error().code != Errc::not_found) {
      co_return std::unexpected(answers[i].error());
    }
  }
  co_return retries;
}

asio::awaitable<Result<std::set<std::string>>> RocketmqLag::connected(AdminQueries admin, std::string address,
                                                                      std::string group, bool* pop) {
  auto connection = co_await admin.consumer_connection(address, group);
  std::set<std::string> clients;
  if (!connection) {
    if (connection.error().code == Errc::not_found) co_return clients;
    co_return std::unexpected(connection.error());
  }
  for (const wire::Connection& client : connection->connection_set) clients.insert(client.client_id);
  if (connection->consume_type == wire::kConsumePop) *pop = true;
  co_return clients;
}

asio::awaitable<RocketmqLag::BrokerPart> RocketmqLag::read_broker(AdminQueries admin, std::string name,
                                                                  std::string address, LagQuery query,
                                                                  std::int32_t read_queues) {
  BrokerPart part;
  part.name = name;
  if (address.empty()) {
    part.failed =
        Error{Errc::unavailable, fmt::format("{}: it has no master now, and the offsets of a slave are stale", name)};
    co_return part;
  }
  // before the lag: what becomes due in between is in both, and never in none
  Result<std::vector<std::int64_t>> delayed;
  if (query.needs.delayed) {
    std::vector<std::string> topics{query.topic, rocketmq::retry_topic(query.group)};
    delayed = co_await delayed_.read(address, std::move(topics));
    if (!delayed && delayed.error().code == Errc::timeout) {  // the rest would take as long
      part.failed = Error{Errc::timeout, fmt::format("{}: {}", name, delayed.error().message)};
      co_return part;
    }
  }
  Result<FactsByQueue> facts;
  std::optional<Retries> told;
  Result<Retries> retries;
  Result<std::int64_t> dead_letters;
  Result<std::set<std::string>> clients;
  bool pop = false;
  std::vector<asio::awaitable<bool>> requests;
  requests.push_back(into(read_facts(admin, name, address, query, read_queues, &told), facts));
  const LagNeeds& needs = query.needs;
  const bool expected = tell_retries_.contains(address);
  if (needs.retry && !expected) requests.push_back(into(retries_of(admin, address, query), retries));
  if (needs.dead_letter)
    requests.push_back(into(stored_in(admin, address, rocketmq::dead_letter_topic(query.group)), dead_letters));
  if (needs.consumers) requests.push_back(into(connected(admin, address, query.group, &pop), clients));
  co_await rocketmq::gather(cluster_->io(), std::move(requests));
  for (int attempt = 1; facts && attempt < config_.attempts && any_racing(*facts); ++attempt) {
    if (admin.out_of_time()) break;
    const FactsByQueue before = std::move(*facts);
    facts = co_await read_facts(admin, name, address, query, read_queues, &told);
    if (facts) add_before(*facts, before);
  }
  if (!facts) {
    part.failed = Error{facts.error().code, fmt::format("{}: {}", name, facts.error().message)};
    co_return part;
  }
  if (told) {
    if (tell_retries_.size() >= kBrokersRememberedMax) tell_retries_.clear();
    tell_retries_.insert(address);
    retries = *told;
  } else if (expected) {  // another broker is at that address now
    tell_retries_.erase(address);
    if (needs.retry) retries = co_await retries_of(admin, address, query);
  }
  part.pop = pop || tells_pop(*facts) || (retries && retries->pop);
  const bool by_pop = part.pop || popped_lately(query.group);
  if (part.pop) {
    if (pop_groups_.size() >= kTopicsRememberedMax) pop_groups_.clear();
    pop_groups_[query.group] = std::chrono::steady_clock::now();
  }
  part.pop = by_pop;
  const GroupState group{by_pop, needs.consumers && clients && clients->empty(), needs.age, needs.consumers};
  part.queues = readings_of(std::move(*facts), group, query.policy, part.unknown);
  auto take = [&](const char* what, const auto& result, auto& to) {
    if (result) {
      to = *result;
    } else {
      part.unknown.push_back(fmt::format("{}: {}: {}", name, what, result.error().message));
    }
  };
  if (needs.retry) take("retry", retries, part.retry);
  if (needs.dead_letter) take("dead letters", dead_letters, part.dead_letter);
  if (needs.consumers) take("consumers", clients, part.clients);
  if (needs.delayed && delayed) {
    part.delayed = delayed->at(0);
    part.delayed_retry = delayed->at(1);
  } else if (needs.delayed) {
    part.unknown.push_back(fmt::format("{}{}{}", name, kOfDelayed, delayed.error().message));
  }
  co_return part;
}

asio::awaitable<Result<LagReading>> RocketmqLag::read(LagQuery query) {
  LagReading reading;
  reading.topic = query.topic;
  reading.group = query.group;

  const auto deadline = std::chrono::steady_clock::now() + config_.timeout;
  const AdminQueries admin(cluster_, deadline);
  auto route = co_await cluster_->route(query.topic, rocketmq::Freshness::cached, deadline);
  if (!route) {
    // a topic whose last broker died looks to a name server like one that never was
    auto seen = seen_.find(query.topic);
    if (route.error().code != Errc::not_found || seen == seen_.end() || seen->second.empty()) {
      co_return std::unexpected(route.error());
    }
    for (const auto& [name, at] : seen->second) {
      reading.unknown.push_back(fmt::format("{}: it held the topic and is gone from the name servers", name));
    }
    co_return reading;
  }

  const std::map<std::string, std::string> brokers = brokers_of(*route);
  std::vector<asio::awaitable<BrokerPart>> requests;
  for (const auto& [name, address] : brokers) {
    const wire::QueueData* queues = route->find_queues(name);
    requests.push_back(read_broker(admin, name, address, query, queues == nullptr ? 0 : queues->read_queue_nums));
  }
  auto parts = co_await rocketmq::gather(cluster_->io(), std::move(requests));

  bool complete = true;
  std::int64_t retry = 0, retry_ready = 0, dead_letter = 0, delayed = 0, delayed_retry = 0;
  bool delayed_known = query.needs.delayed, retry_ready_known = true;
  bool retry_known = true, dead_letter_known = true, clients_known = true;
  std::set<std::string> clients;
  std::optional<Error> failed;
  std::size_t answered = 0;
  for (BrokerPart& part : parts) {
    if (part.failed) {
      complete = retry_known = dead_letter_known = clients_known = delayed_known = false;
      reading.unknown.push_back(part.failed->message);
      if (!failed) failed = part.failed;
      continue;
    }
    ++answered;
    reading.pop = reading.pop || part.pop;
    std::ranges::move(part.queues, std::back_inserter(reading.queues));
    std::ranges::move(part.unknown, std::back_inserter(reading.unknown));
    if (part.retry) {
      retry += part.retry->messages;
      retry_ready += part.retry->ready.value_or(0);
      retry_ready_known = retry_ready_known && part.retry->ready;
      reading.group_retries[part.name] = part.retry->group;
    }
    dead_letter += part.dead_letter.value_or(0);
    delayed += part.delayed.value_or(0);
    delayed_retry += part.delayed_retry.value_or(0);
    delayed_known = delayed_known && part.delayed;
    if (part.delayed_retry) reading.group_delayed[part.name] = *part.delayed_retry;
    retry_known = retry_known && part.retry;
    dead_letter_known = dead_letter_known && part.dead_letter;
    clients_known = clients_known && part.clients;
    if (part.clients) clients.insert(part.clients->begin(), part.clients->end());
  }
  if (failed) cluster_->forget_route(query.topic);
  if (answered == 0 && failed) co_return std::unexpected(*failed);
  if (brokers.empty()) {
    complete = false;
    reading.unknown.push_back("no broker holds the topic");
  }
  sum_up(reading, complete);
  if (retry_known && complete) {
    reading.retry = retry;
    if (retry_ready_known) reading.retry_ready = retry_ready;
  }
  if (dead_letter_known && complete) reading.dead_letter = dead_letter;
  if (delayed_known && complete) {
    reading.delayed = delayed;
    reading.delayed_retry = delayed_retry;
  }
  if (clients_known && complete) reading.consumers = static_cast<std::int64_t>(clients.size());
  co_return reading;
}

}  // namespace gantry::lag
