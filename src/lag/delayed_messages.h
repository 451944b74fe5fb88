// Which topics the messages are for that a broker holds back by delay level. It keeps them all in one topic of its own,
// SCHEDULE_TOPIC_XXXX, one queue a level, and says how far each level is delivered; whom a message is for stands in the
// message only. So each is read once, when it is new, and what is kept of it is its topic: the messages that wait in a
// level are those from the one that is delivered next to the end, and a topic's number is how often it is among them.
//
// Pure: what the broker said goes in, what is to be pulled and the numbers come out.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"

namespace gantry::lag {

// A delay level as its broker tells it.
struct DelayLevelFacts {
  std::int64_t min_offset = 0;  // 202 minOffset of its queue
  std::int64_t max_offset = 0;  // 202 maxOffset, asked before `delivered`: what came between is not there yet
  std::int64_t delivered = 0;   // 45: the next message to be delivered

  bool operator==(const DelayLevelFacts&) const = default;
};

class DelayedMessages {
 public:
  // Waiting messages of one broker that are kept, with 4 bytes each. With more of them no number is known.
  static constexpr std::int64_t kWaitingMax = 1'000'000;

  explicit DelayedMessages(std::int64_t waiting_max = kWaitingMax) : waiting_max_(waiting_max) {}

  // All levels of the broker, each time: one that is missing has no messages. A level whose offsets went back, or whose
  // queue is shorter than what was read of it, is read again from its beginning.
  void told(const std::map<std::int32_t, DelayLevelFacts>& levels);

  struct Pull {
    std::int32_t level = 0;
    std::int64_t offset = 0;

    bool operator==(const Pull&) const = default;
  };
  // What is still to be read: one for each level that is behind, none when all is read or too much waits.
  std::vector<Pull> next_pulls() const;

  struct Message {
    std::int64_t offset = 0;
    std::string_view topic;  // REAL_TOPIC
  };
  // The answer to a pull: the messages in order, and where the broker says to go on; offsets that it leaves out have no
  // message any more. An answer to a pull that is no longer the next one of its level is ignored. Returns whether the
  // level is further than it was.
  bool pulled(const Pull& pull, std::int64_t next_offset, std::span<const Message> messages);

  // Messages that are held back for the topic. Errors: unavailable while some are not read yet, resource_exhausted when
  // more than waiting_max wait; both say how many.
  Result<std::int64_t> count(std::string_view topic) const;

  std::int64_t waiting() const { return waiting_; }  // in all levels, as told last
  std::int64_t read() const { return read_; }        // of these

 private:
  using TopicId = std::uint32_t;
  static constexpr TopicId kNobody = 0;  // of an offset without a message

  struct Level {
    std::int64_t begin = 0;      // of the next message to be delivered
    std::int64_t end = 0;        // behind the last one
    std::deque<TopicId> topics;  // from begin
    std::int64_t cursor() const { return begin + static_cast<std::int64_t>(topics.size()); }
  };
  struct Topic {
    std::string name;
    std::int64_t count = 0;
  };

  void add(Level& level, TopicId topic);
  void drop_front(Level& level);
  void restart(Level& level, std::int64_t begin);
  TopicId id_of(std::string_view topic);
  bool too_many() const { return waiting_ > waiting_max_; }

  std::int64_t waiting_max_;
  std::int64_t waiting_ = 0;
  std::int64_t read_ = 0;
  std::map<std::int32_t, Level> levels_;
  std::vector<Topic> topics_{1};  // by id; those without a message have no name and are in free_
  std::vector<TopicId> free_;
  std::unordered_map<std::string, TopicId> ids_;
};

}  // namespace gantry::lag
