// The queues that are there, by topic and id, and the numbers under which the index knows them. It owns them, and is the
// one way to what the log's parts change of a queue: everybody else who holds a Queue can only look at it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/queue.h"

namespace gantry::store {

class QueueTable {
 public:
  Queue* find(std::string_view topic, std::int32_t queue_id) const;                 // null: not there
  Queue& add(std::string_view topic, std::int32_t queue_id, std::uint32_t number);  // id >= 0, which is not there
  void erase(std::string_view topic);                                               // all queues of the topic

  // Of a queue that is made now. A number is never given twice: the index may still have rows of who had it.
  std::uint32_t next_number() const { return next_number_; }
  void mark_used(std::uint32_t number) { next_number_ = std::max(next_number_, number + 1); }

  void for_each(const std::function<void(Queue&)>& visit);
  void for_each_of(std::string_view topic, const std::function<void(Queue&)>& visit);

  QueueState& state(Queue& queue) { return queue.state_; }
  const QueueState& state(const Queue& queue) const { return queue.state_; }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using QueuesOfTopic = std::vector<std::unique_ptr<Queue>>;  // by id; null: not there

  std::unordered_map<std::string, QueuesOfTopic, TextHash, std::equal_to<>> topics_;
  std::uint32_t next_number_ = 1;
};

}  // namespace gantry::store
