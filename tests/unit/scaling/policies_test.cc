// Rate limits: pods and percent, periods, selection, bounds, and the examples of Kubernetes' documentation.
#include "scaling/policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "unit/scaling/make.h"

namespace gantry::scaling {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kNow = 1'000'000;
constexpr auto kPods = PolicyType::pods;
constexpr auto kPercent = PolicyType::percent;

struct LimitCase {
  std::string name;
  SelectPolicy select;
  std::vector<ScalingPolicy> policies;
  std::vector<ScaleEvent> events;
  int32_t current;
  int32_t up, down;
};

class PolicyLimit : public ::testing::TestWithParam<LimitCase> {};

TEST_P(PolicyLimit, GivenPoliciesAndEvents_WhenAsked_ThenLimitsFollow) {
  const LimitCase& given = GetParam();
  const ScalingRules rules{.select_policy = given.select, .policies = given.policies};
  EXPECT_EQ(scale_up_limit(rules, given.events, given.current, kNow), given.up);
  EXPECT_EQ(scale_down_limit(rules, given.events, given.current, kNow), given.down);
}

constexpr int32_t kMost = std::numeric_limits<int32_t>::max();

INSTANTIATE_TEST_SUITE_P(
    Rules, PolicyLimit,
    ::testing::Values(
        LimitCase{"pods", SelectPolicy::max, {{kPods, 4, 60}}, {}, 10, 14, 6},
        LimitCase{"percent", SelectPolicy::max, {{kPercent, 50, 60}}, {}, 10, 15, 5},
        LimitCase{"percent_rounds_to_the_larger_change", SelectPolicy::max, {{kPercent, 10, 60}}, {}, 3, 4, 2},
        LimitCase{"percent_above_hundred", SelectPolicy::max, {{kPercent, 300, 60}}, {}, 3, 12, 0},
        LimitCase{"max_of_two", SelectPolicy::max, {{kPods, 4, 60}, {kPercent, 100, 60}}, {}, 10, 20, 0},
        LimitCase{"min_of_two", SelectPolicy::min, {{kPods, 4, 60}, {kPercent, 100, 60}}, {}, 10, 14, 6},
        LimitCase{"disabled", SelectPolicy::disabled, {{kPods, 4, 60}}, {}, 10, 10, 10},
        LimitCase{"no_policies", SelectPolicy::max, {}, {}, 10, 10, 10},
        LimitCase{"added_in_the_period", SelectPolicy::max, {{kPods, 4, 60}}, {{kNow - 59'999, 3}}, 10, 11, 3},
        LimitCase{"added_before_the_period", SelectPolicy::max, {{kPods, 4, 60}}, {{kNow - 60'000, 3}}, 10, 14, 6},
        LimitCase{"used_up", SelectPolicy::max, {{kPods, 4, 60}}, {{kNow - 1, 6}}, 10, 10, 0},
        LimitCase{"removed_in_the_period", SelectPolicy::max, {{kPods, 4, 60}}, {{kNow - 1, -3}}, 10, 17, 9},
        LimitCase{
            "up_and_down_balance", SelectPolicy::max, {{kPods, 4, 60}}, {{kNow - 2, 5}, {kNow - 1, -5}}, 10, 14, 6},
        LimitCase{"each_policy_has_its_period",
                  SelectPolicy::min,
                  {{kPods, 4, 10}, {kPods, 6, 60}},
                  {{kNow - 30'000, 4}},
                  10,
                  12,
                  6},
        LimitCase{"no_overflow", SelectPolicy::max, {{kPercent, kMost, 60}, {kPods, kMost, 60}}, {}, kMost, kMost, 0}),
    [](const auto& info) { return info.param.name; });

TEST(Policies, GivenEightyPodsAndNoLoad_WhenTenPercentOrFourPodsAMinute_ThenTheDocumentedPath) {
  ScaledObjectSpec spec;
  spec.scale_down.policies = {{kPods, 4, 60}, {kPercent, 10, 60}};
  std::vector<ScaleEvent> events;
  std::vector<int32_t> path;
  int32_t replicas = 80;
  Explanation explanation;
  for (int64_t now_ms = 0; replicas > 32; now_ms += 60'000) {
    const int32_t next = limit_rate(spec, events, replicas, 10, now_ms, explanation);
    record_scale_event(spec, events, replicas, next, now_ms);
    path.push_back(replicas = next);
  }
  // ten percent, rounded up, while it is more than four pods
  EXPECT_THAT(path, ElementsAre(72, 64, 57, 51, 45, 40, 36, 32));
}

TEST(Policies, GivenDefaultsAndAFastSync_WhenGrowing_ThenThePeriodCountsNotTheSync) {
  const ScaledObjectSpec spec;
  std::vector<ScaleEvent> events;
  std::vector<int32_t> path;
  int32_t replicas = 1;
  Explanation explanation;
  for (int64_t now_ms = 0; now_ms <= 30'000; now_ms += 5'000) {
    const int32_t next = limit_rate(spec, events, replicas, 100, now_ms, explanation);
    if (next != replicas) record_scale_event(spec, events, replicas, next, now_ms);
    path.push_back(replicas = next);
  }
  EXPECT_THAT(path, ElementsAre(5, 5, 5, 10, 10, 10, 20));
}

struct BoundCase {
  std::string name;
  int32_t min, max, current, desired, expected;
  Topic topic;
};

class PolicyBound : public ::testing::TestWithParam<BoundCase> {};

TEST_P(PolicyBound, GivenDesired_WhenLimited_ThenWithinPoliciesAndBounds) {
  const BoundCase& given = GetParam();
  ScaledObjectSpec spec;
  spec.min_replica_count = given.min;
  spec.max_replica_count = given.max;
  Explanation explanation;
  EXPECT_EQ(limit_rate(spec, {}, given.current, given.desired, kNow, explanation), given.expected);
  EXPECT_EQ(explanation.lines.empty(), given.expected == given.desired);
  if (!explanation.lines.empty()) {
    EXPECT_EQ(explanation.lines[0].topic, given.topic);
  }
}

INSTANTIATE_TEST_SUITE_P(Bounds, PolicyBound,
                         ::testing::Values(BoundCase{"policy_up", 0, 100, 4, 50, 8, Topic::policy},
                                           BoundCase{"max_before_policy", 0, 7, 4, 50, 7, Topic::bounds},
                                           BoundCase{"max_equals_policy", 0, 8, 4, 50, 8, Topic::bounds},
                                           BoundCase{"within", 0, 100, 4, 6, 6, Topic::decision},
                                           BoundCase{"same", 0, 100, 4, 4, 4, Topic::decision},
                                           BoundCase{"last_one_stays", 0, 100, 4, 0, 1, Topic::bounds},
                                           BoundCase{"min", 2, 100, 4, 0, 2, Topic::bounds},
                                           BoundCase{"down_within", 2, 100, 4, 3, 3, Topic::decision}),
                         [](const auto& info) { return info.param.name; });

TEST(Policies, GivenADownLimit_WhenExplained_ThenThePoliciesAreNamed) {
  ScaledObjectSpec spec;
  spec.scale_down = {.select_policy = SelectPolicy::min, .policies = {{kPods, 1, 60}, {kPercent, 50, 30}}};
  Explanation explanation;
  EXPECT_EQ(limit_rate(spec, {}, 9, 2, kNow, explanation), 8);
  spec.scale_down.select_policy = SelectPolicy::disabled;
  EXPECT_EQ(limit_rate(spec, {}, 9, 2, kNow, explanation), 9);
  EXPECT_EQ(explanation.text(),
            "policy: 8 rather than 2: scale-down is limited (1 pods per 60 s or 50 % per 30 s, the lesser)\n"
            "policy: 9 rather than 2: scale-down is limited (Disabled)\n");
}

TEST(Policies, GivenEvents_WhenRecorded_ThenOldOnesGoAndMemoryIsLimited) {
  ScaledObjectSpec spec;
  spec.scale_down.policies = {{kPods, 1, 60}};
  std::vector<ScaleEvent> events{{kNow - 60'000, 5}, {kNow - 59'999, 4}};
  record_scale_event(spec, events, 7, 3, kNow);
  EXPECT_EQ(events, (std::vector<ScaleEvent>{{kNow - 59'999, 4}, {kNow, -4}}));
  events.assign(kScaleEventsMax, {kNow, 1});
  record_scale_event(spec, events, 1, 2, kNow);
  EXPECT_EQ(events.size(), kScaleEventsMax);
}

}  // namespace
}  // namespace gantry::scaling
