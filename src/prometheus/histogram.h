// A histogram of microseconds with the bounds of RocketMQ's own metrics (1, 3, 5, 10, 30, ... 10 s), so that one query
// serves both. Recording is a few compares and two additions; who may record and read at once is the owner's business.
// Rule: ControllerMetricsManager.registerMetricsView.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace gantry::prometheus {

inline constexpr std::array<std::uint32_t, 22> kLatencyBoundsUs = {
    1,     3,      5,      10,     30,      50,      100,     300,       500,       1'000,     3'000,
    5'000, 10'000, 30'000, 50'000, 100'000, 300'000, 500'000, 1'000'000, 3'000'000, 5'000'000, 10'000'000};

// Count: a number, or something like one that another thread may read meanwhile.
template <class Count = std::uint64_t>
class LatencyHistogram {
 public:
  static constexpr std::size_t kPlaces = kLatencyBoundsUs.size() + 1;  // the last: beyond the highest bound

  void record(std::int64_t us) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0));
    const auto* place = std::ranges::lower_bound(kLatencyBoundsUs, value);
    counts_[static_cast<std::size_t>(place - kLatencyBoundsUs.begin())] += 1;
    sum_us_ += value;
  }
  // Of each place alone, not of those below it too.
  std::uint64_t count(std::size_t place) const { return counts_[place]; }
  std::uint64_t sum_us() const { return sum_us_; }
  bool empty() const {
    return std::ranges::all_of(counts_, [](std::uint64_t count) { return count == 0; });
  }

 private:
  std::array<Count, kPlaces> counts_{};
  Count sum_us_{};
};

}  // namespace gantry::prometheus
