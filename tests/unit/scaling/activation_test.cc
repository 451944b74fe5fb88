// KEDA's poll: to and from zero or idle, cooldowns, errors, the explicit zero fallback.
#include "scaling/activation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/scaling/make.h"

namespace gantry::scaling {
namespace {

using test::lag_spec;
using test::poll;
using test::seen;
using test::seen_both;
using ::testing::HasSubstr;

constexpr int64_t kNow = 1'000'000;
constexpr std::optional<double> kUnknown;

State active_at(const ScaledObjectSpec& spec, std::optional<int64_t> last_active_ms, int64_t created_at_ms = 0) {
  State state = initial_state(spec, created_at_ms);
  state.last_active_ms = last_active_ms;
  return state;
}

struct PollCase {
  std::string name;
  int32_t min;
  std::optional<int32_t> idle;
  std::optional<double> lag;
  int32_t current;
  int32_t expected;
};

class ActivationPoll : public ::testing::TestWithParam<PollCase> {};

// The cooldown has long passed in all of these.
TEST_P(ActivationPoll, GivenBoundsAndActivity_WhenPolled_ThenOnlyTheWayToAndFromZeroIsKedas) {
  const PollCase& given = GetParam();
  ScaledObjectSpec spec = lag_spec();
  spec.min_replica_count = given.min;
  spec.idle_replica_count = given.idle;
  EXPECT_EQ(poll(spec, active_at(spec, 0), seen(given.lag, given.current), kNow).desired_replicas, given.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Bounds, ActivationPoll,
    ::testing::Values(
        PollCase{"active_from_zero", 0, {}, 900, 0, 1}, PollCase{"active_from_zero_to_min", 3, {}, 900, 0, 3},
        PollCase{"active_above_zero_is_the_hpas", 0, {}, 900, 2, 2},
        PollCase{"active_below_min_is_the_hpas", 3, {}, 900, 1, 1},
        PollCase{"active_from_idle_to_min", 3, 1, 900, 1, 3}, PollCase{"active_from_idle_zero", 3, 0, 900, 0, 3},
        PollCase{"active_at_min_with_idle", 3, 1, 900, 3, 3}, PollCase{"inactive_to_zero", 0, {}, 0, 5, 0},
        PollCase{"inactive_at_zero", 0, {}, 0, 0, 0}, PollCase{"inactive_with_min_is_the_hpas", 2, {}, 0, 5, 5},
        PollCase{"inactive_below_min", 2, {}, 0, 1, 2}, PollCase{"inactive_zero_below_min", 2, {}, 0, 0, 2},
        PollCase{"inactive_to_idle", 3, 1, 0, 5, 1}, PollCase{"inactive_at_idle", 3, 1, 0, 1, 1},
        PollCase{"inactive_to_idle_zero", 3, 0, 0, 3, 0}, PollCase{"inactive_below_idle", 3, 2, 0, 1, 1},
        PollCase{"unknown_at_zero", 0, {}, kUnknown, 0, 0}, PollCase{"unknown_above_zero", 0, {}, kUnknown, 5, 5},
        PollCase{"unknown_above_idle", 3, 1, kUnknown, 5, 5}, PollCase{"unknown_below_min", 2, {}, kUnknown, 1, 1}),
    [](const auto& info) { return info.param.name; });

struct CooldownCase {
  std::string name;
  std::optional<int64_t> last_active_ms;
  int64_t created_at_ms;
  int64_t now_ms;
  int32_t expected;
};

class ActivationCooldown : public ::testing::TestWithParam<CooldownCase> {};

TEST_P(ActivationCooldown, GivenTwoReplicasAndNoLag_WhenPolled_ThenZeroOnlyAfterThePeriod) {
  const CooldownCase& given = GetParam();
  ScaledObjectSpec spec = lag_spec();
  spec.cooldown_period_ms = 60'000;
  spec.initial_cooldown_period_ms = 20'000;
  const State state = active_at(spec, given.last_active_ms, given.created_at_ms);
  EXPECT_EQ(poll(spec, state, seen(0, 2), given.now_ms).desired_replicas, given.expected);
}

INSTANTIATE_TEST_SUITE_P(Periods, ActivationCooldown,
                         ::testing::Values(CooldownCase{"just_active", 100'000, 0, 100'000, 2},
                                           CooldownCase{"a_millisecond_short", 100'000, 0, 159'999, 2},
                                           CooldownCase{"over", 100'000, 0, 160'000, 0},
                                           CooldownCase{"clock_went_back", 100'000, 0, 50'000, 2},
                                           CooldownCase{"never_active_initial_left", {}, 5'000, 24'999, 2},
                                           CooldownCase{"never_active_initial_over", {}, 5'000, 25'000, 0},
                                           CooldownCase{"once_active_initial_is_moot", 100'000, 99'000, 130'000, 2}),
                         [](const auto& info) { return info.param.name; });

TEST(Activation, GivenACooldown_WhenExplained_ThenTimeLeftIsSaid) {
  ScaledObjectSpec spec = lag_spec();
  spec.cooldown_period_ms = 60'000;
  const Decision decision = poll(spec, active_at(spec, kNow - 48'000), seen(0, 2), kNow);
  EXPECT_EQ(decision.poll.text(), "cooldown: not active; cooldown: 12 s of 60 s left before going from 2 to 0\n");
  EXPECT_THAT(poll(spec, active_at(spec, {}, kNow), seen(0, 2), kNow + 1).poll.text(),
              HasSubstr("initial cooldown of 0 s is over"));
}

TEST(Activation, GivenActivity_WhenPolled_ThenTheLastActiveTimeIsRenewed) {
  const ScaledObjectSpec spec = lag_spec();
  EXPECT_EQ(poll(spec, active_at(spec, {}), seen(1, 0), kNow).state.last_active_ms, kNow);
  EXPECT_EQ(poll(spec, active_at(spec, 5), seen(1, 3), kNow).state.last_active_ms, kNow);
  EXPECT_EQ(poll(spec, active_at(spec, 5), seen(0, 3), kNow).state.last_active_ms, 5);
  EXPECT_EQ(poll(spec, active_at(spec, 5), seen(kUnknown, 3), kNow).state.last_active_ms, 5);
}

TEST(Activation, GivenTwoTriggers_WhenOneFails_ThenTheOtherStillActivatesButZeroWaits) {
  const ScaledObjectSpec spec = test::two_trigger_spec();
  const State state = active_at(spec, 5);
  EXPECT_EQ(poll(spec, state, seen_both(7, kUnknown, 0), kNow).desired_replicas, 1);
  EXPECT_EQ(poll(spec, state, seen_both(0, kUnknown, 2), kNow).desired_replicas, 2);
  EXPECT_EQ(poll(spec, state, seen_both(0, 0, 2), kNow).desired_replicas, 0);
  // as in KEDA, activity beside a failing trigger does not renew the cooldown
  const Decision partial = poll(spec, state, seen_both(7, kUnknown, 2), kNow);
  EXPECT_EQ(partial.desired_replicas, 2);
  EXPECT_EQ(partial.state.last_active_ms, 5);
}

TEST(Activation, GivenAFallback_WhenFailuresPassTheThreshold_ThenItActivatesFromZero) {
  ScaledObjectSpec spec = lag_spec();
  spec.fallback = FallbackSpec{.failure_threshold = 2, .replicas = 6};
  State state = active_at(spec, 5);
  std::vector<int32_t> path;
  int32_t replicas = 0;
  for (int i = 0; i < 4; ++i) {
    const Decision decision = poll(spec, state, seen(kUnknown, replicas), kNow + i);
    state = decision.state;
    replicas = decision.desired_replicas;
    path.push_back(replicas);
  }
  EXPECT_THAT(path, ::testing::ElementsAre(0, 0, 1, 1));
  EXPECT_EQ(state.last_active_ms, kNow + 3);
}

struct ZeroFallbackCase {
  std::string name;
  FallbackBehavior behavior;
  int32_t failures_before;
  int64_t last_active_ms;
  int32_t current;
  int32_t expected;
  bool warned;
};

class ActivationZeroFallback : public ::testing::TestWithParam<ZeroFallbackCase> {};

TEST_P(ActivationZeroFallback, GivenFallbackReplicasZero_WhenUnknown_ThenHonouredAfterTheCooldownWithAWarning) {
  const ZeroFallbackCase& given = GetParam();
  ScaledObjectSpec spec = lag_spec();
  spec.fallback = FallbackSpec{.failure_threshold = 2, .replicas = 0, .behavior = given.behavior};
  State state = active_at(spec, given.last_active_ms);
  state.failures_in_a_row["s0-lag"] = given.failures_before;
  const Decision decision = poll(spec, state, seen(kUnknown, given.current), kNow);
  EXPECT_EQ(decision.desired_replicas, given.expected);
  EXPECT_EQ(decision.poll.text().find("warning: fallback.replicas is 0") != std::string::npos, given.warned);
}

INSTANTIATE_TEST_SUITE_P(
    Behaviors, ActivationZeroFallback,
    ::testing::Values(
        ZeroFallbackCase{"static_after_threshold", FallbackBehavior::static_replicas, 5, 0, 4, 0, true},
        ZeroFallbackCase{"static_in_cooldown", FallbackBehavior::static_replicas, 5, kNow - 1000, 4, 4, true},
        ZeroFallbackCase{"static_before_threshold_as_keda", FallbackBehavior::static_replicas, 0, 0, 4, 0, true},
        ZeroFallbackCase{"static_at_zero_stays", FallbackBehavior::static_replicas, 5, 0, 0, 0, false},
        ZeroFallbackCase{"if_lower", FallbackBehavior::current_replicas_if_lower, 5, 0, 4, 0, true},
        ZeroFallbackCase{"current_holds_before", FallbackBehavior::current_replicas, 0, 0, 4, 4, false},
        ZeroFallbackCase{"current_holds_after", FallbackBehavior::current_replicas, 5, 0, 4, 4, false},
        ZeroFallbackCase{"if_higher_holds", FallbackBehavior::current_replicas_if_higher, 5, 0, 4, 4, false}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace gantry::scaling
