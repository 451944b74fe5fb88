// What is to be read of a topic and group: all that somebody has asked for lately. Who has not asked for two to four
// minutes is not read for any more. Pure.
#pragma once

#include "lag/source.h"
#include "triggers/ask_pattern.h"

namespace gantry::triggers {

inline constexpr lag::LagNeeds kNoNeeds{false, false, false, false, false};

class RecentNeeds {
 public:
  using Clock = AskPattern::Clock;
  static constexpr Clock::duration kPeriod = AskPattern::kGapMax;

  void asked(const lag::LagNeeds& needs, Clock::time_point now) {
    if (now - since_ > kPeriod) {
      before_ = now - since_ > 2 * kPeriod ? kNoNeeds : now_;
      now_ = kNoNeeds;
      since_ = now;
    }
    now_ = now_.with(needs);
  }
  bool asked_lately(Clock::time_point now) const {
    return since_ != Clock::time_point{} && now - since_ <= 2 * kPeriod;
  }
  lag::LagNeeds all() const { return now_.with(before_); }

 private:
  Clock::time_point since_{};
  lag::LagNeeds now_ = kNoNeeds;     // of this period
  lag::LagNeeds before_ = kNoNeeds;  // of the one before
};

}  // namespace gantry::triggers
