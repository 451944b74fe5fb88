// When somebody who asks at regular times will ask again, so that the answer can be read shortly before, together with
// others. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace gantry::triggers {

class AskPattern {
 public:
  using Clock = std::chrono::steady_clock;
  // Questions this close together are one: KEDA asks for each metric, and then whether the object is active.
  static constexpr std::chrono::milliseconds kOneQuestion{500};
  static constexpr std::chrono::seconds kGapMax{120};  // who asks more seldom gains nothing

  void asked(Clock::time_point now) {
    const bool first = last_ == Clock::time_point{};
    const auto gap = now - last_;
    if (!first && gap < kOneQuestion) return;
    last_ = now;
    if (first) return;
    // twice in a row the same, give or take a fifth
    const bool regular = gap_ > Clock::duration::zero() && gap <= kGapMax && gap * 5 <= gap_ * 6 && gap * 5 >= gap_ * 4;
    gap_ = gap;
    regular_ = regular;
  }

  // The time of the next question; nothing while there is no pattern.
  std::optional<Clock::time_point> next() const {
    if (!regular_) return std::nullopt;
    return last_ + gap_;
  }

 private:
  Clock::time_point last_{};
  Clock::duration gap_{};
  bool regular_ = false;
};

}  // namespace gantry::triggers
