// What the watch of one trigger does next, out of what it has learned. Pure: who does it is activity_watch.h.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "triggers/arrival_polls.h"

namespace gantry::scaler {

struct ActivityWatchConfig {
  std::chrono::milliseconds look_interval{100};      // where waiting is not possible; longer for many triggers
  std::chrono::milliseconds active_interval{5'000};  // an active trigger: only to see when it is so no more
  std::chrono::milliseconds error_interval{1'000};   // doubles up to active_interval
  std::chrono::milliseconds poll_time{25'000};       // of one request that a broker holds
  std::size_t looks_per_second_max = 100;            // at one cluster; one serves all triggers of a topic and group
  std::size_t triggers_max = 20'000;                 // then resource_exhausted
};

class ActivitySteps {
 public:
  enum class Step {
    read,   // with max_age()
    pause,  // for so long, or until woken
    wait,   // until a broker says that something is there
    look,   // pause until it is time to look, then read
  };

  ActivitySteps(const ActivityWatchConfig& config, std::chrono::milliseconds reading_max_age)
      : config_(config), reading_max_age_(reading_max_age), max_age_(reading_max_age), error_(config.error_interval) {}

  Step step() const { return step_; }
  std::chrono::milliseconds max_age() const { return max_age_; }  // zero: begun after this question
  std::chrono::milliseconds pause() const { return pause_; }
  std::optional<bool> active() const { return active_; }  // what whoever watches was told last
  // Changes when what is under way has become worthless: its answer is not to be told to us.
  std::uint64_t turn() const { return turn_; }

  // What a reading says, empty: unknown. Returns whether `active` has changed.
  bool was_read(std::optional<bool> active) {
    if (!active) {
      pause_ = error_;
      error_ = std::min(error_ * 2, config_.active_interval);
      step_ = Step::pause;
      max_age_ = std::min(max_age_, reading_max_age_);  // why it is unknown must not be older
      return false;
    }
    error_ = config_.error_interval;
    if (*active) {
      looks_ = 0;
      pause_ = config_.active_interval;
      step_ = Step::pause;
      max_age_ = 2 * config_.active_interval;  // what KEDA's polls have read tells as well when it is so no more
    } else {
      // a broker may see something to consume that the trigger does not count: then it is not asked again for a while
      if (arrived_) looks_ = kLooksInstead;
      step_ = looks_ > 0 ? Step::look : Step::wait;
      max_age_ = reading_max_age_;
    }
    arrived_ = false;
    return std::exchange(active_, active) != active;
  }

  void paused() { step_ = Step::read; }

  void waited(triggers::ArrivalPolls::Outcome outcome) {
    using Outcome = triggers::ArrivalPolls::Outcome;
    arrived_ = outcome == Outcome::arrived;
    step_ = outcome == Outcome::impossible ? Step::look : Step::read;
    // a reading may be older than what a broker said
    max_age_ = arrived_ ? std::chrono::milliseconds::zero() : reading_max_age_;
  }

  // `interval`: between the looks of this trigger. Others who look at the same time share the reading.
  void looked(std::chrono::milliseconds interval) {
    looks_ = std::max(0, looks_ - 1);
    step_ = Step::read;
    max_age_ = std::min(interval / 2, reading_max_age_);
  }

  // Whoever watches has learned elsewhere that the trigger is inactive. Returns whether that is news: then what is under
  // way is to be given up, and the next step done.
  bool told_inactive() {
    if (active_ != true) return false;
    active_ = false;
    ++turn_;
    step_ = Step::read;
    max_age_ = std::chrono::milliseconds::zero();
    return true;
  }

 private:
  static constexpr int kLooksInstead = 10;

  ActivityWatchConfig config_;
  std::chrono::milliseconds reading_max_age_, max_age_;
  std::chrono::milliseconds error_, pause_{0};
  Step step_ = Step::read;
  std::optional<bool> active_;
  bool arrived_ = false;
  int looks_ = 0;  // left, before a broker is waited for again
  std::uint64_t turn_ = 0;
};

}  // namespace gantry::scaler
