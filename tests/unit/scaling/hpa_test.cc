// The HPA's sync: the largest proposal wins, unknown blocks going down, bounds come first, fallback is a proposal.
#include "scaling/hpa.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/scaling/make.h"

namespace gantry::scaling {
namespace {

using test::lag_spec;
using test::seen;
using test::seen_both;
using test::sync;
using test::two_trigger_spec;
using ::testing::HasSubstr;

constexpr int64_t kNow = 1'000'000;
constexpr std::optional<double> kUnknown;

// Nothing damped, so that one sync shows the proposal.
ScaledObjectSpec undamped(ScaledObjectSpec spec) {
  spec.scale_down.stabilization_window_s = 0;
  spec.scale_up.policies = {{PolicyType::pods, 1000, 15}};
  return spec;
}

struct SyncCase {
  std::string name;
  std::optional<double> first, second;
  int32_t current;
  int32_t expected;
};

class HpaSync : public ::testing::TestWithParam<SyncCase> {};

TEST_P(HpaSync, GivenTwoTriggers_WhenSynced_ThenTheLargestWinsAndUnknownOnlyHolds) {
  const SyncCase& given = GetParam();
  const ScaledObjectSpec spec = undamped(two_trigger_spec());
  const Observation observation = seen_both(given.first, given.second, given.current);
  EXPECT_EQ(sync(spec, initial_state(spec, 0), observation, kNow).desired_replicas, given.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Readings, HpaSync,
    ::testing::Values(SyncCase{"first_larger", 90, 30, 2, 9}, SyncCase{"second_larger", 30, 90, 2, 9},
                      SyncCase{"both_down", 30, 40, 9, 4}, SyncCase{"one_stays", 90, 30, 9, 9},
                      SyncCase{"both_zero_keeps_one", 0, 0, 9, 1}, SyncCase{"unknown_blocks_down", 30, kUnknown, 9, 9},
                      SyncCase{"unknown_blocks_down_either", kUnknown, 30, 9, 9},
                      SyncCase{"unknown_lets_up", 120, kUnknown, 9, 12},
                      SyncCase{"unknown_lets_stay", kUnknown, 90, 9, 9},
                      SyncCase{"all_unknown", kUnknown, kUnknown, 9, 9}, SyncCase{"negative_is_none", -50, -60, 9, 1},
                      SyncCase{"zero_replicas_rests", 900, 900, 0, 0}, SyncCase{"above_max", 90, 90, 150, 100},
                      SyncCase{"above_max_even_unknown", kUnknown, kUnknown, 150, 100}),
    [](const auto& info) { return info.param.name; });

TEST(Hpa, GivenBelowTheMinimum_WhenSynced_ThenRaisedWithoutAskingMetrics) {
  ScaledObjectSpec spec = lag_spec();
  spec.min_replica_count = 5;
  spec.pause.scale_out_paused = true;
  const Decision decision = sync(spec, initial_state(spec, 0), seen(kUnknown, 2), kNow);
  EXPECT_EQ(decision.desired_replicas, 5);
  EXPECT_THAT(decision.sync.text(), HasSubstr("bounds: from 2 to minReplicaCount 5"));
  EXPECT_EQ(decision.state.scale_events, (std::vector<ScaleEvent>{{kNow, 3}}));
}

TEST(Hpa, GivenAnIdleCountAboveZero_WhenSynced_ThenTheHpaRaisesItToTheMinimum) {
  // why KEDA documents 0 as the only useful idleReplicaCount
  ScaledObjectSpec spec = lag_spec();
  spec.min_replica_count = 3;
  spec.idle_replica_count = 1;
  EXPECT_EQ(sync(spec, initial_state(spec, 0), seen(0, 1), kNow).desired_replicas, 3);
}

TEST(Hpa, GivenTheFirstSync_WhenLoadIsLow_ThenWhatRunsCountsAsRecommended) {
  const ScaledObjectSpec spec = lag_spec();
  State state = initial_state(spec, 0);
  const Decision first = sync(spec, state, seen(10, 8), kNow);
  EXPECT_EQ(first.desired_replicas, 8);
  EXPECT_EQ(first.state.recommendations, (std::vector<Recommendation>{{kNow, 8}, {kNow, 1}}));
  EXPECT_EQ(sync(spec, first.state, seen(10, 8), kNow + 299'999).desired_replicas, 8);
  EXPECT_EQ(sync(spec, first.state, seen(10, 8), kNow + 300'000).desired_replicas, 1);
}

TEST(Hpa, GivenABlockedSync_WhenItEnds_ThenNothingWasRecommended) {
  const ScaledObjectSpec spec = two_trigger_spec();
  State state = initial_state(spec, 0);
  state.recommendations = {{kNow - 1000, 9}};
  const Decision decision = sync(spec, state, seen_both(10, kUnknown, 9), kNow);
  EXPECT_EQ(decision.state.recommendations, state.recommendations);
  EXPECT_TRUE(decision.state.scale_events.empty());
  EXPECT_THAT(decision.sync.text(),
              HasSubstr("1 would be enough for what is known, but not all is: no scale-down from 9"));
}

TEST(Hpa, GivenAFallback_WhenFailuresPassTheThreshold_ThenItsReplicasAreProposed) {
  ScaledObjectSpec spec = undamped(two_trigger_spec());
  spec.fallback = FallbackSpec{.failure_threshold = 1, .replicas = 6};
  State state = initial_state(spec, 0);
  const Decision first = sync(spec, state, seen_both(10, kUnknown, 9), kNow);
  EXPECT_EQ(first.desired_replicas, 9);
  const Decision second = sync(spec, first.state, seen_both(10, kUnknown, 9), kNow + 15'000);
  EXPECT_EQ(second.desired_replicas, 6);
  EXPECT_EQ(second.metrics[1].proposal, 6);
  EXPECT_TRUE(second.metrics[1].fallback);
  // and a larger known metric still wins
  EXPECT_EQ(sync(spec, first.state, seen_both(200, kUnknown, 9), kNow + 15'000).desired_replicas, 20);
}

TEST(Hpa, GivenAValueFallback_WhenSynced_ThenTheRatioGivesItsReplicas) {
  ScaledObjectSpec spec = undamped(lag_spec());
  spec.fallback = FallbackSpec{.failure_threshold = 0, .replicas = 6};
  spec.triggers[0].metrics[0].target_type = TargetType::value;
  Observation observation = seen(kUnknown, 4);
  observation.ready_replicas = 3;
  EXPECT_EQ(sync(spec, initial_state(spec, 0), observation, kNow).desired_replicas, 6);
}

TEST(Hpa, GivenAValueTarget_WhenNoReplicaExistsYet_ThenItHoldsLikeUnknown) {
  ScaledObjectSpec spec = undamped(lag_spec());
  spec.triggers[0].metrics[0].target_type = TargetType::value;
  Observation observation = seen(1, 4);
  observation.status_replicas = 0;
  const Decision decision = sync(spec, initial_state(spec, 0), observation, kNow);
  EXPECT_EQ(decision.desired_replicas, 4);
  EXPECT_THAT(decision.sync.text(), HasSubstr("unknown: orders lag: no replica exists yet"));
}

TEST(Hpa, GivenTwoMetrics_WhenExplained_ThenProposalsToleranceAndWinnerAreNamed) {
  ScaledObjectSpec spec = undamped(two_trigger_spec());
  spec.triggers[1].metrics[0].target_type = TargetType::value;
  const Decision decision = sync(spec, initial_state(spec, 0), seen_both(41, 25, 4), kNow);
  EXPECT_EQ(decision.sync.text(),
            "tolerance: orders lag: 1.02 of the target is close enough, 4 replicas stay\n"
            "proposal: refunds lag: 25 / 10 times 4 replicas ready asks for 10 replicas\n"
            "winner: refunds lag asks for the most: 10 replicas\n");
}

TEST(Hpa, GivenOneWayPauses_WhenSynced_ThenTheOtherWayStillWorks) {
  ScaledObjectSpec spec = undamped(lag_spec());
  spec.pause.scale_in_paused = true;
  EXPECT_EQ(sync(spec, initial_state(spec, 0), seen(10, 5), kNow).desired_replicas, 5);
  EXPECT_EQ(sync(spec, initial_state(spec, 0), seen(90, 5), kNow).desired_replicas, 9);
  spec.pause = {.scale_out_paused = true};
  EXPECT_EQ(sync(spec, initial_state(spec, 0), seen(10, 5), kNow).desired_replicas, 1);
  EXPECT_EQ(sync(spec, initial_state(spec, 0), seen(90, 5), kNow).desired_replicas, 5);
}

}  // namespace
}  // namespace gantry::scaling
