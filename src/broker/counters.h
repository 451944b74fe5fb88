// What the broker counts since the process started, and the samples of it from which rates are made.
#pragma once

#include <cstdint>
#include <deque>

namespace gantry::broker {

struct Counters {
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::int64_t started_ms = 0;
  // What was counted at times past, the newest first, one every kSampleMs.
  struct Sample {
    std::int64_t time_ms;
    std::uint64_t messages_in, messages_out;
  };
  static constexpr std::int64_t kSampleMs = 10'000;
  std::deque<Sample> samples;
};

}  // namespace gantry::broker
