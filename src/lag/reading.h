// What is known of the lag of a consumer group in a topic at one moment. Every figure that could not be read is empty
// and says so in `unknown`: unknown is never zero, because who scales by these figures would scale to zero on it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::lag {

// Ends of reasons in LagReading::unknown that are a normal state of a group, and nothing that anybody has to mend.
inline constexpr std::string_view kNeverCommitted = "the group has never committed an offset";
inline constexpr std::string_view kPopNotTold = "this broker does not tell them of POP groups";

// In each reason why it is not known how many messages are held back.
inline constexpr std::string_view kOfDelayed = ": delayed messages: ";

struct QueueReading {
  std::string broker;
  std::int32_t queue_id = 0;
  std::optional<std::int64_t> broker_offset;    // of the next message to be stored
  std::optional<std::int64_t> consumer_offset;  // committed; empty also when the group has never committed here
  std::optional<std::int64_t> lag;              // messages not yet consumed
  std::optional<std::int64_t> in_flight;        // of these: fetched by consumers and not yet acknowledged
  std::optional<std::int64_t> ready;            // of these: not fetched
  std::optional<std::int64_t> oldest_age_ms;    // age of the oldest one not consumed; 0 when there is none
  bool never_committed = false;                 // lag follows the policy (arithmetic.h)
  bool persistent = false;                      // behind, and no commit for a while (commit_history.h)

  bool operator==(const QueueReading&) const = default;
};

// What waits at one broker in the topic that all topics of the group share.
struct GroupRetries {
  std::int64_t messages = 0;
  std::int64_t ready = 0;  // as LagReading::retry_ready; all of them where a broker does not tell

  bool operator==(const GroupRetries&) const = default;
};

struct LagReading {
  std::string topic;
  std::string group;
  std::optional<std::int64_t> lag;  // sums over queues: empty as soon as one queue's is
  std::optional<std::int64_t> in_flight;
  std::optional<std::int64_t> ready;
  std::optional<std::int64_t> oldest_age_ms;  // the largest
  std::optional<std::int64_t> retry;          // messages waiting in the group's retry topics
  std::optional<std::int64_t> retry_ready;    // of these: not fetched; empty as well where a broker does not tell
  // of these, by broker: those that are in the readings of the group's other topics too
  std::map<std::string, GroupRetries> group_retries;
  std::optional<std::int64_t> dead_letter;  // messages in its dead-letter topic
  // messages that wait at the brokers for their delivery time and will then be in the topic: no part of the lag
  std::optional<std::int64_t> delayed;
  std::optional<std::int64_t> delayed_retry;  // the same for the group's retry topic: sent back, to be consumed again
  std::map<std::string, std::int64_t> group_delayed;  // of these, by broker
  std::optional<std::int64_t> consumers;              // clients connected
  bool pop = false;                                   // the group consumes by POP
  std::vector<QueueReading> queues;                   // by broker and queue id
  std::vector<std::string> unknown;                   // why something is empty, for people

  bool operator==(const LagReading&) const = default;
};

}  // namespace gantry::lag
