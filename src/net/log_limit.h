// Keeps a misbehaving peer from filling the log: at most one line an interval, the next one says how many were left
// out. For one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace gantry::net {

class LogLimit {
 public:
  using Clock = std::chrono::steady_clock;

  explicit LogLimit(std::chrono::milliseconds interval = std::chrono::seconds(1)) : interval_(interval) {}

  // nullopt: say nothing now. Else the number of lines that were left out since the last one.
  std::optional<std::uint64_t> admit(Clock::time_point now = Clock::now()) {
    if (last_ && now - *last_ < interval_) {
      ++left_out_;
      return std::nullopt;
    }
    last_ = now;
    return std::exchange(left_out_, 0);
  }

 private:
  std::chrono::milliseconds interval_;
  std::optional<Clock::time_point> last_;
  std::uint64_t left_out_ = 0;
};

}  // namespace gantry::net
