#include "lag/commit_history.h"

#include <algorithm>

namespace gantry::lag {

void CommitHistory::mark(LagReading& reading, Time now) {
  Group& group = groups_[{reading.topic, reading.group}];
  group.seen = now;
  queues_ -= group.stands.size();
  auto before = std::exchange(group.stands, {});
  for (QueueReading& queue : reading.queues) {
    queue.persistent = false;
    std::pair<std::string, std::int32_t> key{queue.broker, queue.queue_id};
    const auto old = before.find(key);
    if (!queue.lag || !queue.consumer_offset) {
      // not read this time: what was known of it stays
      if (old != before.end() && !queue.never_committed) group.stands.insert(*old);
      continue;
    }
    if (*queue.lag <= 0) continue;
    const bool stands = old != before.end() && old->second.offset == *queue.consumer_offset;
    const Time since = stands ? old->second.since : now;
    queue.persistent = now - since >= persistent_after_;
    group.stands.emplace(std::move(key), Stand{*queue.consumer_offset, since});
  }
  queues_ += group.stands.size();
  while (queues_ > kQueuesMax && groups_.size() > 1) forget_oldest();
}

void CommitHistory::forget_oldest() {
  const auto oldest = std::ranges::min_element(groups_, {}, [](const auto& entry) { return entry.second.seen; });
  queues_ -= oldest->second.stands.size();
  groups_.erase(oldest);
}

}  // namespace gantry::lag
