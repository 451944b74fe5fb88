// Latencies of one measurement: counted in buckets of at most 1 % width, so that a percentile costs no memory per sample.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace gantry::bench {

class Latency {
 public:
  void add(std::chrono::nanoseconds took);
  std::uint64_t count() const { return count_; }
  // fraction in 0..1; 0 when nothing was counted. Milliseconds, the upper edge of the bucket.
  double percentile_ms(double fraction) const;

 private:
  static constexpr std::size_t kBuckets = 2'048;
  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace gantry::bench
