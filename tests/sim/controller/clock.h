// The clock of one machine of a simulation: it has its own beginning and its own rate, and jumps forward.
#pragma once

#include <cstdint>

namespace gantry::sim {

class Clock {
 public:
  // rate: thousandths of the true one.
  void start(std::uint64_t true_ms, std::int64_t local_ms, std::uint64_t rate) {
    since_ = true_ms;
    base_ = local_ms;
    rate_ = rate;
  }
  std::int64_t now(std::uint64_t true_ms) const {
    return base_ + static_cast<std::int64_t>((true_ms - since_) * rate_ / 1000);
  }
  void change_rate(std::uint64_t true_ms, std::uint64_t rate) { start(true_ms, now(true_ms), rate); }
  void jump(std::int64_t by_ms) { base_ += by_ms; }

 private:
  std::uint64_t since_ = 0;
  std::int64_t base_ = 0;
  std::uint64_t rate_ = 1000;
};

}  // namespace gantry::sim
