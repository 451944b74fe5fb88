// What one broker answered about a topic and a group, joined into the facts of each queue and read by the rules of
// arithmetic.h. Shared by all who read lag, in whatever requests they ask: one group with 202, 208, 303 and 14, or a
// whole broker with 43 in place of 14. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lag/arithmetic.h"
#include "lag/reading.h"
#include "wire/bodies/stats.h"

namespace gantry::lag {

// 202: what is stored of one queue.
struct TopicQueue {
  std::int32_t queue_id = 0;
  std::int64_t min_offset = 0;
  std::int64_t max_offset = 0;
};

// 208: where a group stands in one queue; all of one moment.
struct GroupQueue {
  std::int32_t queue_id = 0;
  std::int64_t broker_offset = 0;
  std::int64_t consumer_offset = 0;
  std::int64_t pull_offset = 0;
  std::optional<std::int64_t> pop_in_flight;
  std::optional<std::int64_t> pop_ready;
  std::optional<std::int64_t> delay_ms;                // 303
  std::optional<std::int64_t> min_time_ms;             // 303
  std::optional<std::int64_t> consumer_offset_before;  // when it was read again: what was said the time before
};

// Rows of other topics are left out.
std::vector<TopicQueue> topic_queues(const wire::TopicStatsTable& stats, std::string_view topic);
GroupQueue group_queue(std::int32_t queue_id, const wire::OffsetWrapper& offsets);

using FactsByQueue = std::map<std::int32_t, QueueFacts>;

// Every queue that consumers read, by what 202 says; one that 202 leaves out (the route and the broker's topic differ for a
// while, or the broker lists write queues only) is not a queue without messages: its maximum may come with 208, its
// minimum is not known. Of those at most a hundred: one makes the sums unknown, and a broker may claim two thousand million.
FactsByQueue facts_of(const std::string& broker, std::int32_t read_queues, const std::vector<TopicQueue>& stored);

// These add what another answer says; of a queue that nobody reads, nothing.
void add_group(FactsByQueue& facts, const GroupQueue& group);
void add_delay(FactsByQueue& facts, std::int32_t queue_id, std::int64_t delay_ms, std::int64_t min_time_ms);
// The answer to must_ask_committed(); nullopt: the group never committed here.
void add_committed(QueueFacts& facts, std::optional<std::int64_t> committed);

// For facts that were read again: where the group stood in the attempt before.
void add_before(FactsByQueue& facts, const FactsByQueue& before);

// Whether a broker that tells what a group has popped (ours) did so.
bool tells_pop(const FactsByQueue& facts);

struct GroupState {
  bool pop = false;
  bool nobody = false;  // no consumer is connected to the broker
  bool age_asked = true;
  bool in_flight_asked = true;
};

// Reasons for what is empty are appended to `unknown`.
std::vector<QueueReading> readings_of(FactsByQueue facts, const GroupState& group, OffsetResetPolicy policy,
                                      std::vector<std::string>& unknown);

// Messages of a retry topic's queue that the group has still to take.
std::int64_t pending_in(const TopicQueue& queue, std::optional<std::int64_t> committed);
// Messages of all queues that have not expired.
std::int64_t stored_in(const std::vector<TopicQueue>& queues);

}  // namespace gantry::lag
