// Remembers how long each queue has stood where it stands, so that a queue that is behind and whose consumers commit
// nothing any more can be told from one that is worked on. Pure: time comes with the readings. What is remembered is
// rebuilt by reading on; until there is enough of it, no queue counts as persistent. Time in which a reading failed does not
// count: while a broker is away nobody can commit.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "lag/reading.h"

namespace gantry::lag {

class CommitHistory {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kQueuesMax = 200'000;  // then those that were seen last the longest ago are forgotten

  // A queue is persistent when it has been behind at one committed offset for `persistent_after` or longer.
  explicit CommitHistory(std::chrono::milliseconds persistent_after) : persistent_after_(persistent_after) {}

  // Sets QueueReading::persistent, and remembers the reading. A queue that was not read, or never committed, is not
  // persistent; an empty queue starts anew, whatever its offset: nothing was waiting there.
  void mark(LagReading& reading, Time now);
  // A reading of them failed.
  void failed(const std::string& topic, const std::string& group);

  std::size_t queues() const { return queues_; }

 private:
  struct Stand {
    std::int64_t offset = 0;
    Time::duration stood{};  // between readings that follow upon each other
    Time read_at;
    bool failed = false;  // a reading failed since
  };
  struct Group {
    std::map<std::pair<std::string, std::int32_t>, Stand> stands;
    Time seen;
  };
  void forget_oldest();

  std::chrono::milliseconds persistent_after_;
  std::map<std::pair<std::string, std::string>, Group> groups_;  // of (topic, group)
  std::size_t queues_ = 0;
};

}  // namespace gantry::lag
