#include "exporter/readings.h"

#include <fmt/format.h>

#include <algorithm>

#include "lag/broker_facts.h"
#include "queueing/topic_names.h"
#include "wire/bodies/heartbeat.h"
#include "wire/pop_receipt.h"

namespace gantry::exporter {
namespace {

constexpr std::size_t kBrokersRememberedMax = 1'024;

// What only a broker that is not asked about its queues by 202 could say.
using Committed = std::map<std::int32_t, std::int64_t>;

const Committed* committed_of(const BrokerFacts& broker, std::string_view topic, std::string_view group) {
  const auto found = broker.committed->find(fmt::format("{}@{}", topic, group));
  return found == broker.committed->end() ? nullptr : &found->second;
}

// Whether the group has an offset in the topic: in %RETRY%GROUP_TOPIC one that is not there shows that it is the retry topic
// of another group, which is called GROUP_TOPIC (lag/rocketmq_lag.h).
bool committed_in(const BrokerFacts& broker, std::string_view topic, std::string_view group) {
  return broker.committed && committed_of(broker, topic, group) != nullptr;
}

const GroupFacts* group_of(const BrokerFacts& broker, std::string_view group) {
  const auto found = broker.groups.find(std::string(group));
  return found == broker.groups.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> offset_in(const Committed* committed, std::int32_t queue_id) {
  if (committed == nullptr) return std::nullopt;
  const auto at = committed->find(queue_id);
  return at == committed->end() ? std::nullopt : std::optional(at->second);
}

// Messages that the group has still to take from a retry topic; 0 when the topic does not exist.
std::optional<std::int64_t> pending_in(const BrokerFacts& broker, const std::string& topic, std::string_view group) {
  const auto found = broker.topics.find(topic);
  if (found == broker.topics.end()) return 0;
  if (!found->second.queues || !broker.committed) return std::nullopt;
  const Committed* committed = committed_of(broker, topic, group);
  std::int64_t total = 0;
  for (const TopicQueue& queue : *found->second.queues) {
    total += lag::pending_in(queue, offset_in(committed, queue.queue_id));
  }
  return total;
}

std::optional<std::int64_t> stored_in(const BrokerFacts& broker, const std::string& topic) {
  const auto found = broker.topics.find(topic);
  if (found == broker.topics.end()) return 0;
  if (!found->second.queues) return std::nullopt;
  return lag::stored_in(*found->second.queues);
}

// An empty one makes the sum empty.
void add(std::optional<std::int64_t>& sum, std::optional<std::int64_t> part) {
  if (sum && part && !__builtin_add_overflow(*sum, *part, &*sum)) return;
  sum.reset();
}

// "topic@group": names of topics and groups have no '@'.
std::pair<std::string_view, std::string_view> split_key(std::string_view key) {
  const std::size_t at = key.rfind('@');
  if (at == std::string_view::npos) return {};
  return {key.substr(0, at), key.substr(at + 1)};
}

bool is_own_topic(std::string_view topic) {
  return queueing::is_retry_topic(topic) || queueing::is_dead_letter_topic(topic) || queueing::is_system_topic(topic);
}

}  // namespace

void Memory::learn(const ClusterFacts& facts, std::int64_t now_ms, const Config& config) {
  std::set<std::string_view> answered;
  for (const BrokerFacts& broker : facts.brokers) {
    if (broker.failed) continue;
    answered.insert(broker.name);
    if (!brokers_.contains(broker.name) && brokers_.size() >= kBrokersRememberedMax) continue;
    Held& held = brokers_[broker.name];
    held.seen_ms = now_ms;
    held.topics.clear();
    for (const auto& [topic, topic_facts] : broker.topics) held.topics.push_back(topic);
  }
  const std::int64_t remember_ms = std::chrono::milliseconds(config.remember_broker).count();
  std::erase_if(brokers_, [&](const auto& entry) { return now_ms - entry.second.seen_ms > remember_ms; });
  missing_.clear();
  for (const auto& [broker, held] : brokers_) {
    if (!answered.contains(broker)) missing_.insert(held.topics.begin(), held.topics.end());
  }
}

void Memory::forget_groups_but(const std::set<std::string_view>& groups) {
  std::erase_if(pop_groups_, [&](const std::string& group) { return !groups.contains(group); });
}

Readings::Readings(const ClusterFacts& facts, Memory& memory, const Config& config)
    : facts_(facts), memory_(memory), config_(config) {
  for (const BrokerFacts& broker : facts.brokers) {
    for (const auto& [topic, topic_facts] : broker.topics) holders_[topic].emplace_back(&broker, &topic_facts);
  }
  find_pairs();
}

void Readings::find_pairs() {
  std::set<std::pair<std::string_view, std::string_view>> found, unusable;
  const auto note = [&](std::string_view topic, std::string_view group) {
    if (topic.empty() || group.empty() || is_own_topic(topic)) return;
    // offsets outlive their topic; one that a silent broker held is unknown, not gone
    if (!holders_.contains(topic) && !memory_.held_elsewhere(topic)) return;
    if (topic.size() > config_.label_bytes_max || group.size() > config_.label_bytes_max ||
        !queueing::is_valid_group(group) || !queueing::is_valid_topic(topic)) {
      unusable.emplace(topic, group);
      return;
    }
    found.emplace(topic, group);
  };
  for (const BrokerFacts& broker : facts_.brokers) {
    if (broker.committed) {
      for (const auto& [key, queues] : *broker.committed) {
        const auto [topic, group] = split_key(key);
        note(topic, group);
      }
    }
    for (const auto& [group, group_facts] : broker.groups) {
      for (const auto& [topic, queues] : group_facts.stats) note(topic, group);
      for (const std::string& topic : group_facts.subscriptions) note(topic, group);
    }
  }
  unusable_names_ = unusable.size();
  names_.assign(found.begin(), found.end());
  if (names_.size() > config_.pairs_max) {
    dropped_pairs_ = names_.size() - config_.pairs_max;
    names_.resize(config_.pairs_max);
  }
  pairs_.reserve(names_.size());
}

struct Readings::Share {
  bool complete = false;  // else nothing of it may be summed up
  bool pop = false;
  std::vector<lag::QueueReading> queues;
  std::vector<std::string> unknown;
};

Readings::Share Readings::read_share(const BrokerFacts& broker, const TopicFacts& topic, const PairReading& pair) {
  Share share;
  const GroupFacts* group = group_of(broker, pair.group);
  // 208 is not asked of a group that has no offset and no client here: then 43 says all that there is
  const bool nothing_to_ask = broker.committed && (group == nullptr || (group->clients && group->clients->empty()));
  if (!topic.queues || !(nothing_to_ask || group->stats_read)) return share;
  share.complete = true;

  const std::vector<GroupQueue>* stats = nullptr;
  bool nobody = true;
  if (group != nullptr) {
    if (const auto found = group->stats.find(std::string(pair.topic)); found != group->stats.end()) {
      stats = &found->second;
    }
    nobody = group->clients && group->clients->empty();
    share.pop = group->consume_type == wire::kConsumePop;
  }
  const std::string topic_name(pair.topic), group_name(pair.group);
  const std::string v1 = wire::pop_retry_topic_v1(topic_name, group_name);
  if ((broker.topics.contains(v1) && committed_in(broker, v1, pair.group)) ||
      broker.topics.contains(wire::pop_retry_topic_v2(topic_name, group_name))) {
    share.pop = true;
  }
  if (stats != nullptr) {
    for (const GroupQueue& queue : *stats) share.pop = share.pop || queue.pop_in_flight.has_value();
  }
  if (share.pop) memory_.note_pop(pair.group);
  share.pop = share.pop || memory_.pops(pair.group);

  lag::FactsByQueue all = lag::facts_of(broker.name, topic.read_queues, *topic.queues);
  if (stats != nullptr) {
    for (const GroupQueue& queue : *stats) lag::add_group(all, queue);
  }
  if (broker.committed) {
    const Committed* committed = committed_of(broker, pair.topic, pair.group);
    for (auto& [id, facts] : all) {
      if (lag::must_ask_committed(facts)) lag::add_committed(facts, offset_in(committed, id));
    }
  }
  share.queues = lag::readings_of(std::move(all), {share.pop, nobody}, config_.policy, share.unknown);
  return share;
}

void Readings::read_next_pair() {
  const auto [topic, group] = names_[pairs_.size()];
  PairReading& pair = pairs_.emplace_back();
  pair.topic = topic;
  pair.group = group;
  bool complete = !memory_.held_elsewhere(topic);
  if (const auto holders = holders_.find(topic); holders != holders_.end()) {
    for (const auto& [broker, topic_facts] : holders->second) {
      if (pair.cluster.empty()) pair.cluster = broker->cluster;
      Share share = read_share(*broker, *topic_facts, pair);
      if (!share.complete) {
        complete = false;
        continue;
      }
      pair.lag.pop = pair.lag.pop || share.pop;
      BrokerShare& exposed = pair.shares.emplace_back();
      exposed.broker = broker;
      exposed.age_ms = 0;
      if (const GroupFacts* facts = group_of(*broker, group)) {
        const auto sizes = facts->sizes.find(std::string(topic));
        if (sizes != facts->sizes.end()) exposed.sizes = &sizes->second;
      }
      for (lag::QueueReading& queue : share.queues) {
        exposed.consumer_offset += queue.consumer_offset.value_or(0);
        if (queue.oldest_age_ms && exposed.age_ms) {
          exposed.age_ms = std::max(*exposed.age_ms, *queue.oldest_age_ms);
        } else {
          exposed.age_ms.reset();
        }
        pair.lag.queues.push_back(std::move(queue));
      }
    }
  }
  pair.offsets_known = complete;
  lag::sum_up(pair.lag, complete);
  pair.lag.queues = {};  // not kept: ten thousand pairs have many
  auto [known, first] = group_complete_.try_emplace(group, complete);
  if (!first) known->second = known->second && complete;
}

void Readings::finish() {
  std::set<std::string_view> all;
  for (const BrokerFacts& broker : facts_.brokers) {
    for (const auto& [group, group_facts] : broker.groups) all.insert(group);
  }
  for (const PairReading& pair : pairs_) all.insert(pair.group);
  memory_.forget_groups_but(all);
  for (const std::string_view group : all) read_group(group);
}

void Readings::read_group(std::string_view name) {
  if (name.size() > config_.label_bytes_max || !queueing::is_valid_group(name)) return;
  GroupReading group;
  group.group = name;
  const auto complete = group_complete_.find(name);
  bool clients_known = complete == group_complete_.end() || complete->second;
  bool exists = complete != group_complete_.end();
  const std::string own(name);
  const std::string retry = queueing::retry_topic(own), dead_letters = queueing::dead_letter_topic(own);
  group.retry = group.classic_retry = group.dead_letter = clients_known ? std::optional<std::int64_t>(0) : std::nullopt;
  if (memory_.held_elsewhere(retry)) group.retry = group.classic_retry = std::nullopt;
  if (memory_.held_elsewhere(dead_letters)) group.dead_letter = std::nullopt;
  for (const BrokerFacts& broker : facts_.brokers) {
    if (broker.failed) continue;
    if (group.cluster.empty()) group.cluster = broker.cluster;
    exists = exists || broker.topics.contains(retry) || broker.topics.contains(dead_letters);
    const auto classic = pending_in(broker, retry, name);
    add(group.classic_retry, classic);
    add(group.retry, classic);
    // those of POP, in both namings: %RETRY%group_topic and %RETRY%group+topic; another group may begin with this name
    for (auto it = broker.topics.lower_bound(retry); it != broker.topics.end() && it->first.starts_with(retry); ++it) {
      if (it->first.size() < retry.size() + 2) continue;
      const std::string topic = it->first.substr(retry.size() + 1);
      if (it->first != wire::pop_retry_topic_v1(topic, own) && it->first != wire::pop_retry_topic_v2(topic, own))
        continue;
      if (!broker.topics.contains(topic)) continue;
      const bool v1 = it->first[retry.size()] == '_';
      if (v1 && broker.committed && !committed_in(broker, it->first, name)) continue;
      const auto pending = pending_in(broker, it->first, name);
      add(group.retry, pending);
      add(group.pop_retry.try_emplace(it->first, 0).first->second, pending);
    }
    add(group.dead_letter, stored_in(broker, dead_letters));
    const GroupFacts* facts = group_of(broker, name);
    if (facts == nullptr) continue;
    if (!facts->clients) {
      clients_known = false;
      continue;
    }
    if (facts->message_model == wire::kBroadcasting) group.broadcasting = true;
    for (const ClientFacts& client : *facts->clients) {
      exists = true;
      group.clients.try_emplace(client.client_id, &client);
    }
  }
  for (auto& [topic, messages] : group.pop_retry) {
    if (!group.retry || memory_.held_elsewhere(topic)) messages.reset();
  }
  if (clients_known) group.consumers = static_cast<std::int64_t>(group.clients.size());
  if (exists) groups_.push_back(std::move(group));
}

}  // namespace gantry::exporter
