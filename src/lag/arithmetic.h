// The arithmetic of lag: from what brokers say about a queue to what it means. Pure, so that every rule is a row of a
// table in a test.
//
//   lag  = max(0, brokerOffset - max(consumerOffset, minOffset)): messages that expired are not waiting for anybody
//   age  = the delay that the broker computes; when the group has never committed (it is then the age of offset -1) or
//          stands below the minimum (that message is gone), the age of the oldest message that is left
//   a group that has never committed stands where the policy says: at the minimum (earliest) or at the end (latest)
//   a group that stands beyond the end of a queue that holds messages: its lag is unknown. The log was replaced or cut, and
//   brokers let the next consumer begin at the end, past messages that nobody saw; only people know whether that is right
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lag/reading.h"

namespace gantry::lag {

// Where a group that has never committed in a queue will begin.
enum class OffsetResetPolicy { earliest, latest };

// What was read of one queue. Empty: not read.
struct QueueFacts {
  std::string broker;
  std::int32_t queue_id = 0;
  std::optional<std::int64_t> broker_offset;    // 208 brokerOffset
  std::optional<std::int64_t> consumer_offset;  // 208 consumerOffset: 0 also stands for "never committed"
  std::optional<std::int64_t> pull_offset;      // 208 pullOffset
  std::optional<std::int64_t> min_offset;       // 202 minOffset
  std::optional<std::int64_t> max_offset;       // 202 maxOffset
  std::optional<std::int64_t> delay_ms;         // 303 delayTime
  std::optional<std::int64_t> min_time_ms;      // 303 minTimeStamp: when the oldest message that is left was stored
  std::optional<bool> committed;                // 14 with setZeroIfNotFound=false, asked when must_ask_committed()
  std::optional<std::int64_t> pop_in_flight;    // said by our own broker only
  std::optional<std::int64_t> pop_ready;
  std::optional<std::int64_t> consumer_offset_before;  // 208 consumerOffset of the attempt before, in the same reading
  bool pop = false;                                    // the group consumes by POP
  // What nobody asked for is no unknown.
  bool age_asked = true;
  bool in_flight_asked = true;
};

// Whether 208's offset of 0 must be told apart from "never committed" before the facts mean anything, or the offset is
// missing there.
bool must_ask_committed(const QueueFacts& facts);

// Whether the group stands beyond the end of the queue, and not because the end and the offset were read at different
// instants: in a log that only grows, an offset that was committed before the end was read is not beyond it.
bool stands_beyond_end(const QueueFacts& facts);

// Whether the facts contradict each other because something moved between the answers. They are worth reading again;
// when that does not help, read_queue() clamps.
bool is_racing(const QueueFacts& facts);

// Reasons for empty members are appended to `unknown`, the first of a kind only.
QueueReading read_queue(const QueueFacts& facts, OffsetResetPolicy policy, std::vector<std::string>& unknown);

// Fills the sums of `reading` from its queues. `complete` is false when queues are missing because their broker did not
// answer: then no sum is known.
void sum_up(LagReading& reading, bool complete);

}  // namespace gantry::lag
