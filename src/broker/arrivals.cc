#include "broker/arrivals.h"

#include <algorithm>

namespace gantry::broker {

Arrivals::Arrivals(boost::asio::io_context& io, std::size_t waiters_max)
    : waiters_max_(waiters_max), alarm_(io, [this] { expire_due(); }) {}

Arrivals::~Arrivals() { stop(); }

Result<void> Arrivals::wait(std::string_view topic, std::int32_t queue_id, Clock::time_point deadline, Woken woken) {
  if (waiters_.size() >= waiters_max_)
    return fail(Errc::resource_exhausted, "more than {} requests wait for messages", waiters_max_);
  const std::uint64_t id = next_id_++;
  auto found = by_topic_.find(topic);
  if (found == by_topic_.end()) found = by_topic_.emplace(std::string(topic), QueueWaiters()).first;
  found->second[queue_id].push_back(id);
  auto at = deadlines_.emplace(deadline, id);
  waiters_.emplace(id, Waiter{std::string(topic), queue_id, at, std::move(woken)});
  arm();
  return {};
}

void Arrivals::arrived(std::string_view topic, std::int32_t queue_id) {
  auto found = by_topic_.find(topic);
  if (found == by_topic_.end()) return;
  std::vector<std::uint64_t> ids;
  for (const std::int32_t key : {queue_id, kAnyQueue}) {
    auto waiting = found->second.find(key);
    if (waiting == found->second.end()) continue;
    ids.insert(ids.end(), waiting->second.begin(), waiting->second.end());
    found->second.erase(waiting);
  }
  if (found->second.empty()) by_topic_.erase(found);
  wake(std::move(ids), true);
}

void Arrivals::expire(std::string_view topic) {
  auto found = by_topic_.find(topic);
  if (found == by_topic_.end()) return;
  std::vector<std::uint64_t> ids;
  for (const auto& [queue_id, waiting] : found->second) ids.insert(ids.end(), waiting.begin(), waiting.end());
  by_topic_.erase(found);
  wake(std::move(ids), false);
}

// Takes every waiter out before any is called: a call may wait again.
void Arrivals::wake(std::vector<std::uint64_t> ids, bool arrived) {
  std::vector<Woken> callbacks;
  callbacks.reserve(ids.size());
  for (const std::uint64_t id : ids) {
    auto found = waiters_.find(id);
    if (found == waiters_.end()) continue;
    deadlines_.erase(found->second.deadline);
    callbacks.push_back(std::move(found->second.woken));
    waiters_.erase(found);
  }
  for (auto& woken : callbacks) woken(arrived);
}

void Arrivals::forget(const Waiter& waiter, std::uint64_t id) {
  auto topic = by_topic_.find(waiter.topic);
  if (topic == by_topic_.end()) return;
  auto queue = topic->second.find(waiter.queue_id);
  if (queue == topic->second.end()) return;
  std::erase(queue->second, id);
  if (queue->second.empty()) topic->second.erase(queue);
  if (topic->second.empty()) by_topic_.erase(topic);
}

void Arrivals::arm() {
  if (!deadlines_.empty()) alarm_.ring_at(deadlines_.begin()->first);
}

void Arrivals::expire_due() {
  const auto now = Clock::now();
  std::vector<std::uint64_t> due;
  for (auto at = deadlines_.begin(); at != deadlines_.end() && at->first <= now; ++at) due.push_back(at->second);
  for (const std::uint64_t id : due) {
    if (auto found = waiters_.find(id); found != waiters_.end()) forget(found->second, id);
  }
  wake(std::move(due), false);
  arm();
}

void Arrivals::stop() {
  alarm_.stop();
  waiters_.clear();
  by_topic_.clear();
  deadlines_.clear();
}

}  // namespace gantry::broker
