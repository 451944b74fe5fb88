// Says when something may be logged again, so that a fault that every request meets does not fill the log.
#pragma once

#include <chrono>
#include <cstdint>

namespace gantry::broker {

class Seldom {
 public:
  static constexpr std::chrono::seconds kInterval{10};

  // True at most once an interval; then `suppressed` is how often it was false since.
  bool now(std::uint64_t& suppressed) {
    const auto now = std::chrono::steady_clock::now();
    if (last_ != std::chrono::steady_clock::time_point{} && now - last_ < kInterval) {
      ++suppressed_;
      return false;
    }
    last_ = now;
    suppressed = suppressed_;
    suppressed_ = 0;
    return true;
  }

 private:
  std::chrono::steady_clock::time_point last_;
  std::uint64_t suppressed_ = 0;
};

}  // namespace gantry::broker
