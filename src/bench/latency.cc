#include "bench/latency.h"

#include <algorithm>
#include <cmath>

namespace gantry::bench {
namespace {

constexpr double kGrowth = 1.01;
constexpr double kFirstNs = 1'000;

}  // namespace

void Latency::add(std::chrono::nanoseconds took) {
  const double ratio = std::max(1.0, static_cast<double>(took.count()) / kFirstNs);
  const auto bucket = static_cast<std::size_t>(std::log(ratio) / std::log(kGrowth));
  ++buckets_[std::min(bucket, kBuckets - 1)];
  ++count_;
}

double Latency::percentile_ms(double fraction) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets && count_ > 0; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted) return kFirstNs * std::pow(kGrowth, static_cast<double>(bucket + 1)) / 1e6;
  }
  return 0;
}

}  // namespace gantry::bench
