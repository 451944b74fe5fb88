#include "lag/broker_facts.h"

#include <algorithm>

namespace gantry::lag {
namespace {

constexpr int kQueuesMissingMax = 100;

}  // namespace

std::vector<TopicQueue> topic_queues(const wire::TopicStatsTable& stats, std::string_view topic) {
  std::vector<TopicQueue> queues;
  queues.reserve(stats.offset_table.size());
  for (const auto& [queue, offsets] : stats.offset_table) {
    if (queue.topic == topic) queues.push_back({queue.queue_id, offsets.min_offset, offsets.max_offset});
  }
  return queues;
}

GroupQueue group_queue(std::int32_t queue_id, const wire::OffsetWrapper& offsets) {
  GroupQueue queue;
  queue.queue_id = queue_id;
  queue.broker_offset = offsets.broker_offset;
  queue.consumer_offset = offsets.consumer_offset;
  queue.pull_offset = offsets.pull_offset;
  queue.pop_in_flight = offsets.pop_in_flight;
  queue.pop_ready = offsets.pop_ready;
  return queue;
}

FactsByQueue facts_of(const std::string& broker, std::int32_t read_queues, const std::vector<TopicQueue>& stored) {
  FactsByQueue all;
  for (const TopicQueue& queue : stored) {
    if (queue.queue_id >= read_queues) continue;  // written only: nobody reads it
    QueueFacts& facts = all[queue.queue_id];
    facts.min_offset = queue.min_offset;
    facts.max_offset = queue.max_offset;
    // stays when 208 leaves the queue out, which it does when the group's consumers subscribe to other topics now
    facts.broker_offset = queue.max_offset;
  }
  int missing = 0;
  for (std::int32_t id = 0; id < read_queues && missing < kQueuesMissingMax; ++id) {
    if (all.try_emplace(id).second) ++missing;
  }
  for (auto& [id, facts] : all) {
    facts.broker = broker;
    facts.queue_id = id;
  }
  return all;
}

void add_group(FactsByQueue& facts, const GroupQueue& group) {
  const auto found = facts.find(group.queue_id);
  if (found == facts.end()) return;
  QueueFacts& queue = found->second;
  queue.broker_offset = group.broker_offset;
  queue.consumer_offset = group.consumer_offset;
  queue.pull_offset = group.pull_offset;
  queue.consumer_offset_before = group.consumer_offset_before;
  if (group.delay_ms) queue.delay_ms = group.delay_ms;
  if (group.min_time_ms) queue.min_time_ms = group.min_time_ms;
  if (group.pop_in_flight && group.pop_ready) {
    queue.pop_in_flight = group.pop_in_flight;
    queue.pop_ready = group.pop_ready;
  }
}

void add_delay(FactsByQueue& facts, std::int32_t queue_id, std::int64_t delay_ms, std::int64_t min_time_ms) {
  const auto found = facts.find(queue_id);
  if (found == facts.end()) return;
  found->second.delay_ms = delay_ms;
  found->second.min_time_ms = min_time_ms;
}

void add_committed(QueueFacts& facts, std::optional<std::int64_t> committed) {
  facts.committed = committed.has_value();
  // larger than before when a first commit came since 208 was answered
  facts.consumer_offset = std::max(facts.consumer_offset.value_or(0), committed.value_or(0));
}

void add_before(FactsByQueue& facts, const FactsByQueue& before) {
  for (auto& [id, queue] : facts) {
    if (const auto was = before.find(id); was != before.end())
      queue.consumer_offset_before = was->second.consumer_offset;
  }
}

bool tells_pop(const FactsByQueue& facts) {
  return std::ranges::any_of(facts, [](const auto& entry) { return entry.second.pop_in_flight.has_value(); });
}

std::vector<QueueReading> readings_of(FactsByQueue all, const GroupState& group, OffsetResetPolicy policy,
                                      std::vector<std::string>& unknown) {
  std::vector<QueueReading> queues;
  queues.reserve(all.size());
  for (auto& [id, facts] : all) {
    facts.pop = group.pop;
    facts.age_asked = group.age_asked;
    facts.in_flight_asked = group.in_flight_asked;
    // what a consumer had fetched is in nobody's hands once it is gone, though the broker keeps the pull offset
    if (group.nobody) facts.pull_offset = std::nullopt;
    queues.push_back(read_queue(facts, policy, unknown));
  }
  return queues;
}

std::int64_t pending_in(const TopicQueue& queue, std::optional<std::int64_t> committed) {
  return std::max<std::int64_t>(
      0, queue.max_offset - std::max({std::int64_t{0}, committed.value_or(0), queue.min_offset}));
}

std::int64_t stored_in(const std::vector<TopicQueue>& queues) {
  std::int64_t total = 0;
  for (const TopicQueue& queue : queues)
    total += std::max<std::int64_t>(0, queue.max_offset - std::max<std::int64_t>(0, queue.min_offset));
  return total;
}

}  // namespace gantry::lag
