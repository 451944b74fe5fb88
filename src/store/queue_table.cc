#include "store/queue_table.h"

namespace gantry::store {

Queue* QueueTable::find(std::string_view topic, std::int32_t queue_id) const {
  auto found = topics_.find(topic);
  if (found == topics_.end() || queue_id < 0 || static_cast<std::size_t>(queue_id) >= found->second.size())
    return nullptr;
  return found->second[static_cast<std::size_t>(queue_id)].get();
}

Queue& QueueTable::add(std::string_view topic, std::int32_t queue_id, std::uint32_t number) {
  auto& queues = topics_[std::string(topic)];
  const auto at = static_cast<std::size_t>(queue_id);
  if (queues.size() <= at) queues.resize(at + 1);
  queues[at] = std::make_unique<Queue>(std::string(topic), queue_id, number);
  mark_used(number);
  return *queues[at];
}

void QueueTable::erase(std::string_view topic) {
  if (auto found = topics_.find(topic); found != topics_.end()) topics_.erase(found);
}

void QueueTable::for_each(const std::function<void(Queue&)>& visit) {
  for (auto& [topic, queues] : topics_) {
    for (auto& queue : queues) {
      if (queue) visit(*queue);
    }
  }
}

void QueueTable::for_each_of(std::string_view topic, const std::function<void(Queue&)>& visit) {
  auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  for (auto& queue : found->second) {
    if (queue) visit(*queue);
  }
}

}  // namespace gantry::store
