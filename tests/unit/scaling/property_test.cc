// What must hold for any spec and any course of events: random ones from a printed seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "scaling/fallback.h"
#include "unit/scaling/make.h"

namespace gantry::scaling {
namespace {

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  int64_t roll(int64_t least, int64_t most) { return least + static_cast<int64_t>(engine_() % (most - least + 1)); }
  bool one_in(int64_t n) { return roll(1, n) == 1; }

 private:
  std::mt19937_64 engine_;
};

ScalingRules any_rules(Dice& dice) {
  ScalingRules rules{.stabilization_window_s = static_cast<int32_t>(dice.roll(0, 120)),
                     .select_policy = static_cast<SelectPolicy>(dice.roll(0, 2))};
  for (int64_t i = dice.roll(1, 3); i > 0; --i) {
    rules.policies.push_back({static_cast<PolicyType>(dice.roll(0, 1)), static_cast<int32_t>(dice.roll(1, 200)),
                              static_cast<int32_t>(dice.roll(1, 90))});
  }
  return rules;
}

ScaledObjectSpec any_spec(Dice& dice) {
  ScaledObjectSpec spec;
  spec.polling_interval_ms = dice.roll(1, 40) * 1000;
  spec.hpa_sync_period_ms = dice.roll(1, 20) * 1000;
  spec.cooldown_period_ms = dice.roll(0, 120) * 1000;
  spec.initial_cooldown_period_ms = dice.roll(0, 60) * 1000;
  spec.min_replica_count = dice.one_in(2) ? 0 : static_cast<int32_t>(dice.roll(0, 5));
  spec.max_replica_count = spec.min_replica_count + static_cast<int32_t>(dice.roll(1, 50));
  if (spec.min_replica_count > 0 && dice.one_in(3)) {
    spec.idle_replica_count = static_cast<int32_t>(dice.roll(0, spec.min_replica_count - 1));
  }
  if (dice.one_in(2)) {
    spec.fallback = FallbackSpec{.failure_threshold = static_cast<int32_t>(dice.roll(0, 5)),
                                 .replicas = static_cast<int32_t>(dice.roll(0, 8)),
                                 .behavior = static_cast<FallbackBehavior>(dice.roll(0, 3))};
  }
  if (dice.one_in(2)) spec.scale_up = any_rules(dice);
  if (dice.one_in(2)) spec.scale_down = any_rules(dice);
  spec.pause.scale_in_paused = dice.one_in(10);
  spec.pause.scale_out_paused = dice.one_in(10);
  for (int64_t i = dice.roll(1, 3); i > 0; --i) {
    TriggerSpec trigger{.name = "t", .activation_threshold = static_cast<double>(dice.roll(0, 5))};
    for (int64_t j = dice.roll(1, 2); j > 0; --j) {
      trigger.metrics.push_back({.name = "m" + std::to_string(j),
                                 .target_type = static_cast<TargetType>(dice.roll(0, 1)),
                                 .target = static_cast<double>(dice.roll(1, 1000)) / 10});
    }
    spec.triggers.push_back(trigger);
  }
  return spec;
}

Observation any_observation(Dice& dice, const ScaledObjectSpec& spec, int32_t current, bool all_unknown) {
  Observation observation{.current_replicas = current};
  for (const TriggerSpec& trigger : spec.triggers) {
    TriggerReading reading;
    for (const MetricSpec& metric : trigger.metrics) {
      if (all_unknown || dice.one_in(5)) {
        reading.metrics.push_back({metric.name, std::unexpected("unknown")});
      } else {
        reading.metrics.push_back({metric.name, static_cast<double>(dice.one_in(3) ? 0 : dice.roll(0, 2000))});
      }
    }
    observation.triggers.push_back(reading);
  }
  if (dice.one_in(4)) observation.status_replicas = static_cast<int32_t>(dice.roll(0, current));
  return observation;
}

bool any_unknown(const Decision& decision) {
  return std::ranges::any_of(decision.metrics, [](const ResolvedMetric& metric) { return !metric.error.empty(); });
}

bool any_active(const Decision& decision) {
  return std::ranges::any_of(decision.metrics, [](const ResolvedMetric& metric) { return metric.active; });
}

void check(const ScaledObjectSpec& spec, const State& before, const Observation& observation, const Decision& decision,
           int64_t now_ms) {
  const int32_t current = observation.current_replicas;
  const int32_t desired = decision.desired_replicas;
  // deterministic
  EXPECT_EQ(step(spec, before, observation, now_ms), decision);
  // bounds: any new count is zero or idle, or within [min, max]
  EXPECT_LE(desired, spec.max_replica_count);
  if (desired != current && desired != 0 && desired != spec.idle_replica_count) {
    EXPECT_GE(desired, spec.min_replica_count);
  }
  EXPECT_GE(desired, 0);
  // unknown: without a fallback nothing goes down
  if (any_unknown(decision) && !spec.fallback) {
    EXPECT_GE(desired, current);
  }
  // ... and with one, zero is reached only if it was asked for
  if (any_unknown(decision) && current > 0 && !(spec.fallback && falls_back_to_zero(*spec.fallback))) {
    EXPECT_GT(desired, 0);
  }
  // an explicit zero is never taken silently
  if (any_unknown(decision) && current > 0 && desired == 0) {
    EXPECT_TRUE(std::ranges::any_of(decision.poll.lines, [](const auto& line) { return line.warning; }));
  }
  // seen activity keeps the last replica
  if (any_active(decision) && current > 0) {
    EXPECT_GT(desired, 0);
  }
  // pauses in one direction (bounds excepted)
  if (spec.pause.scale_in_paused) {
    EXPECT_GE(desired, current);
  }
  if (spec.pause.scale_out_paused && current >= spec.min_replica_count) {
    EXPECT_LE(desired, current);
  }
  // time goes on, and everything is explained
  EXPECT_GT(next_due_ms(decision.state), now_ms);
  EXPECT_EQ(decision.explanation().lines.back().topic, Topic::decision);
}

TEST(Property, GivenAnySpec_WhenSteppedThroughAnyEvents_ThenTheRulesHold) {
  for (uint64_t seed = 1; seed <= 150 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Dice dice(seed);
    const ScaledObjectSpec spec = any_spec(dice);
    ASSERT_TRUE(validate(spec)) << validate(spec).error().message;
    State state = initial_state(spec, 0);
    int32_t current = static_cast<int32_t>(dice.roll(0, spec.max_replica_count));
    for (int i = 0; i < 200 && !::testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE(fmt::format("step {}", i));
      const int64_t now_ms = next_due_ms(state) + (dice.one_in(3) ? dice.roll(0, 999) : 0);
      const Observation observation = any_observation(dice, spec, current, i % 50 >= 40);
      const Decision decision = step(spec, state, observation, now_ms);
      check(spec, state, observation, decision, now_ms);
      state = decision.state;
      current = decision.desired_replicas;
    }
  }
}

TEST(Property, GivenTheSameState_WhenLagIsLarger_ThenDesiredIsNotSmaller) {
  Dice dice(7);
  for (int i = 0; i < 300; ++i) {
    ScaledObjectSpec spec = any_spec(dice);
    spec.triggers = test::lag_spec(static_cast<double>(dice.roll(1, 50))).triggers;
    State state = initial_state(spec, 0);
    const int32_t current = static_cast<int32_t>(dice.roll(1, spec.max_replica_count));
    for (int64_t at = 0; at < 5; ++at) {
      state.recommendations.push_back({at * 20'000, static_cast<int32_t>(dice.roll(0, 60))});
    }
    int32_t previous = 0;
    for (double lag = 0; lag < 3000; lag = lag * 1.3 + 1) {
      const int32_t desired = test::sync(spec, state, test::seen(lag, current), 100'000).desired_replicas;
      EXPECT_GE(desired, previous) << "round " << i << " lag " << lag;
      previous = desired;
    }
  }
}

}  // namespace
}  // namespace gantry::scaling
