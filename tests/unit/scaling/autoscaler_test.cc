// The whole: a burst from zero to many and back, both loops together, pause, update, explanations.
#include "scaling/autoscaler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/scaling/make.h"

namespace gantry::scaling {
namespace {

using test::lag_spec;
using test::seen;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Replicas after each due step, the target following at once.
std::vector<int32_t> run(Autoscaler& scaler, int32_t replicas, double lag, int64_t until_ms) {
  std::vector<int32_t> path;
  while (scaler.next_due_ms() <= until_ms) {
    replicas = scaler.step(seen(lag, replicas), scaler.next_due_ms()).desired_replicas;
    path.push_back(replicas);
  }
  return path;
}

TEST(Autoscaler, GivenABurst_WhenSteppedOn_ThenGoesFromZeroByThePoliciesToTheTarget) {
  Autoscaler scaler(lag_spec(), 0);
  // poll 0 s: 0 -> 1; syncs at 15, 30, 45 s: +4, then doubling
  EXPECT_THAT(run(scaler, 0, 300, 60'000), ElementsAre(1, 5, 10, 20, 30));
  EXPECT_EQ(scaler.state().last_active_ms, 60'000);
}

TEST(Autoscaler, GivenAnEmptyQueue_WhenTheWindowsPass_ThenGoesToOneByTheHpaAndToZeroByTheCooldown) {
  ScaledObjectSpec spec = lag_spec();
  spec.scale_down.stabilization_window_s = 60;
  spec.cooldown_period_ms = 120'000;
  Autoscaler scaler(spec, 0);
  run(scaler, 0, 300, 60'000);  // 30 replicas, last active and last recommended at 60 s
  EXPECT_THAT(run(scaler, 30, 0, 120'000), ElementsAre(30, 30, 30, 1));
  EXPECT_THAT(run(scaler, 1, 0, 200'000), ElementsAre(1, 1, 1, 0, 0));
}

TEST(Autoscaler, GivenNothingDue_WhenStepped_ThenNothingChanges) {
  Autoscaler scaler(lag_spec(), 0);
  scaler.step(seen(0, 0), 0);
  const State before = scaler.state();
  const Decision& decision = scaler.step(seen(1000, 3), 1);
  EXPECT_EQ(decision.desired_replicas, 3);
  EXPECT_FALSE(decision.polled || decision.synced);
  EXPECT_EQ(scaler.state(), before);
}

TEST(Autoscaler, GivenPollAndSyncTogether_WhenAReadingFails_ThenItCountsOnce) {
  ScaledObjectSpec spec = lag_spec();
  State state = initial_state(spec, 0);
  state.next_sync_ms = 0;
  const Decision decision = step(spec, state, seen({}, 2), 0);
  EXPECT_TRUE(decision.polled && decision.synced);
  EXPECT_EQ(decision.state.failures_in_a_row.at("s0-lag"), 1);
  EXPECT_EQ(decision.desired_replicas, 2);
}

TEST(Autoscaler, GivenZeroReplicas_WhenOnlyTheHpaIsDue_ThenMetricsAreNotAskedFor) {
  const ScaledObjectSpec spec = lag_spec();
  const Decision decision = test::sync(spec, initial_state(spec, 0), seen({}, 0), 15'000);
  EXPECT_EQ(decision.desired_replicas, 0);
  EXPECT_TRUE(decision.state.failures_in_a_row.empty());
  EXPECT_TRUE(decision.metrics.empty());
}

struct PauseCase {
  std::string name;
  PauseSpec pause;
  int32_t current;
  double lag;
  int32_t expected;
};

class AutoscalerPause : public ::testing::TestWithParam<PauseCase> {};

TEST_P(AutoscalerPause, GivenAnAnnotation_WhenLongInactiveOrBusy_ThenHolds) {
  const PauseCase& given = GetParam();
  ScaledObjectSpec spec = lag_spec();
  spec.pause = given.pause;
  spec.scale_down.stabilization_window_s = 0;
  State state = initial_state(spec, 0);
  state.next_sync_ms = 3'600'000;
  EXPECT_EQ(step(spec, state, seen(given.lag, given.current), 3'600'000).desired_replicas, given.expected);
}

INSTANTIATE_TEST_SUITE_P(Annotations, AutoscalerPause,
                         ::testing::Values(PauseCase{"none_busy", {}, 2, 1000, 6}, PauseCase{"none_quiet", {}, 2, 0, 0},
                                           PauseCase{"paused_busy", {.paused = true}, 2, 1000, 2},
                                           PauseCase{"paused_quiet", {.paused = true}, 2, 0, 2},
                                           PauseCase{"replicas", {.paused_replicas = 7}, 2, 0, 7},
                                           PauseCase{"replicas_zero", {.paused_replicas = 0}, 2, 1000, 0},
                                           PauseCase{"replicas_above_max", {.paused_replicas = 200}, 2, 1000, 200},
                                           PauseCase{"in_quiet", {.scale_in_paused = true}, 2, 0, 2},
                                           PauseCase{"in_busy", {.scale_in_paused = true}, 2, 1000, 6},
                                           PauseCase{"out_busy", {.scale_out_paused = true}, 2, 1000, 2},
                                           PauseCase{"out_from_zero", {.scale_out_paused = true}, 0, 1000, 0},
                                           PauseCase{"out_quiet", {.scale_out_paused = true}, 2, 0, 0},
                                           PauseCase{"forced_quiet", {.force_activation = true}, 2, 0, 1},
                                           PauseCase{"forced_from_zero", {.force_activation = true}, 0, 0, 1}),
                         [](const auto& info) { return info.param.name; });

TEST(Autoscaler, GivenPaused_WhenPausingEnds_ThenTheHpaHasForgotten) {
  ScaledObjectSpec spec = lag_spec();
  Autoscaler scaler(spec, 0);
  run(scaler, 0, 300, 60'000);
  EXPECT_FALSE(scaler.state().recommendations.empty());
  spec.pause.paused = true;
  scaler.update(spec, 61'000);
  EXPECT_EQ(scaler.next_due_ms(), 61'000);
  const Decision& paused = scaler.step(seen(0, 30), 61'000);
  EXPECT_TRUE(paused.paused);
  EXPECT_EQ(paused.desired_replicas, 30);
  EXPECT_TRUE(scaler.state().recommendations.empty());
  EXPECT_TRUE(scaler.state().scale_events.empty());
  EXPECT_THAT(scaler.explain(0).text(), HasSubstr("paused: paused by annotation at the current 30\n"));
}

TEST(Autoscaler, GivenAPushedActivity_WhenAskedToPollAtOnce_ThenPollsBeforeTheInterval) {
  Autoscaler scaler(lag_spec(), 0);
  EXPECT_EQ(scaler.step(seen(0, 0), 0).desired_replicas, 0);
  EXPECT_EQ(scaler.next_due_ms(), 15'000);
  scaler.poll_at_once(500);
  Observation pushed = seen(0, 0);
  pushed.triggers[0].active = true;
  EXPECT_EQ(scaler.step(pushed, 500).desired_replicas, 1);
}

TEST(Autoscaler, GivenASyncAfterAPoll_WhenExplained_ThenBothPartsAreThere) {
  ScaledObjectSpec spec = lag_spec();
  spec.cooldown_period_ms = 60'000;
  Autoscaler scaler(spec, 0);
  scaler.step(seen(5, 1), 0);
  scaler.step(seen(0, 1), 30'000);
  scaler.step(seen(0, 1), 45'000);
  EXPECT_EQ(scaler.explain(51'200).text(),
            "reading: orders lag is 0, target 10 per replica; activates above 0: not active\n"
            "cooldown: not active; cooldown: 30 s of 60 s left before going from 1 to 0\n"
            "proposal: orders lag: 0 / 10 per replica asks for 0 replicas\n"
            "stabilization: 1 rather than 0: 1 was recommended 15 s ago, scale-down waits for 300 s\n"
            "schedule: the HPA looks again in 9 s (every 15 s; gantry/hpa-sync-period sets it here)\n"
            "decision: stays at 1\n");
  EXPECT_EQ(scaler.metrics().size(), 1u);
  EXPECT_EQ(scaler.metrics()[0].proposal, 0);
  EXPECT_EQ(scaler.last().desired_replicas, 1);
  EXPECT_EQ(scaler.spec(), spec);
}

TEST(Autoscaler, GivenAStep_WhenExplained_ThenTheDecisionIsTheLastLine) {
  const ScaledObjectSpec spec = lag_spec();
  const Decision decision = test::sync(spec, initial_state(spec, 0), seen(300, 4), 0);
  EXPECT_EQ(decision.explanation().text(),
            "reading: orders lag is 300, target 10 per replica; activates above 0: active\n"
            "proposal: orders lag: 300 / 10 per replica asks for 30 replicas\n"
            "policy: 8 rather than 30: scale-up is limited (4 pods per 15 s or 100 % per 15 s, the greater)\n"
            "decision: from 4 to 8\n");
}

TEST(Autoscaler, GivenUnknownTriggers_WhenPolled_ThenActivityIsUnknownNotFalse) {
  const ScaledObjectSpec spec = lag_spec();
  const State state = initial_state(spec, 0);
  EXPECT_EQ(test::poll(spec, state, seen({}, 0), 0).active, std::nullopt);
  EXPECT_EQ(test::poll(spec, state, seen(0, 0), 0).active, false);
  EXPECT_EQ(test::poll(spec, state, seen(1, 0), 0).active, true);
}

}  // namespace
}  // namespace gantry::scaling
