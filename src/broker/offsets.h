// How far each consumer group has consumed each queue. Rule: org.apache.rocketmq.broker.offset.ConsumerOffsetManager.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace gantry::broker {

class Offsets {
 public:
  explicit Offsets(store::Store& store) : store_(store) {}

  Result<void> load();

  // For a start that found messages lost: a group that stands beyond the end of a queue goes on at its end, else it would
  // pass over the next ones.
  void forget_lost();

  std::optional<std::int64_t> find(std::string_view group, std::string_view topic, std::int32_t queue_id) const;
  // queue_id: 0 to kQueuesMax; anything else is ignored.
  void commit(std::string_view group, std::string_view topic, std::int32_t queue_id, std::int64_t offset);
  // Where the group last pulled from, kept in memory only.
  void pulled(std::string_view group, std::string_view topic, std::int32_t queue_id, std::int64_t offset);
  std::optional<std::int64_t> find_pulled(std::string_view group, std::string_view topic, std::int32_t queue_id) const;

  void remove_group(std::string_view group);
  void remove_topic(std::string_view topic);
  // Topics of which the group committed an offset; groups that committed one of the topic. Sorted.
  std::vector<std::string> topics_of(std::string_view group) const;
  std::vector<std::string> groups_of(std::string_view topic) const;

  void for_each(const std::function<void(std::string_view group, std::string_view topic, std::int32_t queue_id,
                                         std::int64_t offset)>& visit) const;

 private:
  static constexpr std::int32_t kQueuesMax = 65'536;
  struct Positions {
    std::vector<std::int64_t> committed;  // by queue id, -1: none
    std::vector<std::int64_t> pulled;
  };
  using Topics = std::map<std::string, Positions, std::less<>>;

  const Positions* positions(std::string_view group, std::string_view topic) const;
  Positions& open(std::string_view group, std::string_view topic);
  void erase_stored(std::string_view group, std::string_view topic, const Positions& positions);

  store::Store& store_;
  std::map<std::string, Topics, std::less<>> groups_;
};

}  // namespace gantry::broker
