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
      if (old != before.end() && !queue.never_committed) {
        old->second.failed = true;
        group.stands.insert(*old);
      }
      continue;
    }
    if (*queue.lag <= 0) continue;
    Stand stand{*queue.consumer_offset, {}, now};
    if (old != before.end() && old->second.offset == stand.offset) {
      stand.stood = old->second.stood;
      if (!old->second.failed) stand.stood += now - old->second.read_at;
    }
    queue.persistent = stand.stood >= persistent_after_;
    group.stands.emplace(std::move(key), stand);
  }
  queues_ += group.stands.size();
  while (queues_ > kQueuesMax && groups_.size() > 1) forget_oldest();
}

void CommitHistory::failed(const std::string& topic, const std::string& group) {
  const auto found = groups_.find({topic, group});
  if (found == groups_.end()) return;
  for (auto& [queue, stand] : found->second.stands) stand.failed = true;
}

void CommitHistory::forget_oldest() {
  const auto oldest = std::ranges::min_element(groups_, {}, [](const auto& entry) { return entry.second.seen; });
  queues_ -= oldest->second.stands.size();
  groups_.erase(oldest);
}

}  // namespace gantry::lag
