// Long polling: requests that wait for messages. Whoever waits is called once, when a message arrives in its queue or
// when its time is over. Everything runs on the event loop's thread; no waiter holds a thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "net/alarm.h"

namespace gantry::broker {

class Arrivals {
 public:
  using Clock = std::chrono::steady_clock;
  using Woken = std::move_only_function<void(bool arrived)>;  // false: the deadline passed

  static constexpr std::int32_t kAnyQueue = -1;

  Arrivals(boost::asio::io_context& io, std::size_t waiters_max);
  ~Arrivals();

  // Fails with resource_exhausted when too many wait; `woken` is then destroyed uncalled.
  Result<void> wait(std::string_view topic, std::int32_t queue_id, Clock::time_point deadline, Woken woken);

  // Messages came. Waiters are called from here, and may wait again.
  void arrived(std::string_view topic, std::int32_t queue_id);
  // Wakes all of a topic as if their time were over (it was deleted).
  void expire(std::string_view topic);

  std::size_t size() const { return waiters_.size(); }
  void stop();  // forgets everybody

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Waiter {
    std::string topic;
    std::int32_t queue_id;
    std::multimap<Clock::time_point, std::uint64_t>::iterator deadline;
    Woken woken;
  };
  // by queue id; ids of waiters that are gone are skipped
  using QueueWaiters = std::unordered_map<std::int32_t, std::vector<std::uint64_t>>;

  void wake(std::vector<std::uint64_t> ids, bool arrived);
  void forget(const Waiter& waiter, std::uint64_t id);
  void arm();
  void expire_due();

  std::size_t waiters_max_;
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, Waiter> waiters_;
  std::unordered_map<std::string, QueueWaiters, TextHash, std::equal_to<>> by_topic_;
  std::multimap<Clock::time_point, std::uint64_t> deadlines_;
  net::Alarm alarm_;
};

}  // namespace gantry::broker
