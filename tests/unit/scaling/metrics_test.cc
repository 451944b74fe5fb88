// Readings against the spec: known, unknown, failures in a row, fallback.
#include "scaling/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "scaling/fallback.h"
#include "unit/scaling/make.h"

namespace gantry::scaling {
namespace {

using test::lag_spec;
using test::seen;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ResolvedMetrics resolve(const ScaledObjectSpec& spec, const Observation& observation, int32_t failures_before = 0) {
  Explanation explanation;
  return resolve_metrics(spec, {{"s0-lag", failures_before}}, observation, explanation);
}

TEST(Metrics, GivenTheActivationThreshold_WhenReached_ThenActiveOnlyStrictlyAbove) {
  ScaledObjectSpec spec = lag_spec();
  spec.triggers[0].activation_threshold = 5;
  struct Case {
    double lag;
    bool active;
  };
  for (const Case& given : {Case{0, false}, {4.999, false}, {5, false}, {5.001, true}, {6, true}}) {
    EXPECT_EQ(resolve(spec, seen(given.lag, 0)).metrics[0].active, given.active) << given.lag;
  }
  EXPECT_FALSE(resolve(lag_spec(), seen(0, 0)).metrics[0].active);
}

TEST(Metrics, GivenAMetricThatCountsAsAnotherNumber_WhenResolved_ThenBothAndTheReasonAreSaid) {
  Observation observation = seen(400, 0);
  observation.triggers[0].metrics[0].measured = 43533;
  observation.triggers[0].metrics[0].why_counted = "8 queues x 50 (why)";
  Explanation explanation;
  const ResolvedMetrics all = resolve_metrics(lag_spec(50), {}, observation, explanation);
  EXPECT_EQ(all.metrics[0].value, 400);
  EXPECT_EQ(all.metrics[0].measured, 43533);
  EXPECT_EQ(explanation.text(),
            "reading: orders lag is 43533, counted as 400: 8 queues x 50 (why), target 50 per replica; activates above "
            "0: active\n");
}

TEST(Metrics, GivenAScalersOwnAnswer_WhenResolved_ThenItOverrulesTheThreshold) {
  Observation observation = seen(1000, 0);
  observation.triggers[0].active = false;
  EXPECT_TRUE(resolve(lag_spec(), observation).active_triggers.empty());
  observation = seen(0, 0);
  observation.triggers[0].active = true;
  EXPECT_THAT(resolve(lag_spec(), observation).active_triggers, ElementsAre("orders"));
  // a trigger that failed as a whole has answered nothing
  observation.triggers[0].error = "connection refused";
  EXPECT_TRUE(resolve(lag_spec(), observation).active_triggers.empty());
}

TEST(Metrics, GivenSeveralMetricsOfATrigger_WhenOneIsAbove_ThenTheTriggerIsActiveOnce) {
  ScaledObjectSpec spec = lag_spec();
  spec.triggers[0].metrics.push_back({.name = "age", .target = 60});
  const Observation observation{.triggers = {{.metrics = {{"age", 3.0}, {"lag", 0.0}, {"not in the spec", 9.0}}}}};
  const ResolvedMetrics all = resolve(spec, observation);
  EXPECT_THAT(all.active_triggers, ElementsAre("orders"));
  ASSERT_EQ(all.metrics.size(), 2u);
  EXPECT_EQ(all.metrics[0].value, 0.0);
  EXPECT_EQ(all.metrics[1].key, "s0-age");
  EXPECT_EQ(all.metrics[1].value, 3.0);
  EXPECT_FALSE(all.error);
}

TEST(Metrics, GivenEachWayToBeUnknown_WhenResolved_ThenNoValueAndTheReason) {
  struct Case {
    std::string name;
    Observation observation;
    std::string error;
  };
  const double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<Case> cases{
      {"metric failed", seen({}, 1), "broker-a did not answer"},
      {"trigger failed", {.triggers = {{.metrics = {{"lag", 5.0}}, .error = "no route"}}}, "no route"},
      {"trigger missing", {}, "the trigger was not read"},
      {"metric missing", {.triggers = {{.metrics = {{"other", 5.0}}}}}, "the metric is missing from the reading"},
      {"infinite", seen(kInfinity, 1), "the value is not a finite number"},
      {"not a number", seen(kInfinity - kInfinity, 1), "the value is not a finite number"}};
  for (const Case& given : cases) {
    const ResolvedMetrics all = resolve(lag_spec(), given.observation, 4);
    EXPECT_TRUE(all.error) << given.name;
    EXPECT_EQ(all.first_error, given.error) << given.name;
    EXPECT_FALSE(all.metrics[0].known()) << given.name;
    EXPECT_FALSE(all.metrics[0].active) << given.name;
    EXPECT_EQ(all.metrics[0].failures_in_a_row, 5) << given.name;
  }
}

TEST(Metrics, GivenFailures_WhenOneReadingSucceeds_ThenTheCountStartsAgain) {
  EXPECT_EQ(resolve(lag_spec(), seen(3, 1), 7).failures_in_a_row.at("s0-lag"), 0);
  constexpr int32_t kMost = std::numeric_limits<int32_t>::max();
  EXPECT_EQ(resolve(lag_spec(), seen({}, 1), kMost).failures_in_a_row.at("s0-lag"), kMost);
}

TEST(Metrics, GivenATriggerWithoutMetrics_WhenResolved_ThenItIsAnErrorThatNoFallbackHides) {
  ScaledObjectSpec spec = lag_spec();
  spec.fallback = FallbackSpec{.failure_threshold = 0, .replicas = 3};
  spec.triggers[0].metrics.clear();
  EXPECT_EQ(resolve(spec, seen({}, 1)).first_error, "the trigger offers no metric");
  const ResolvedMetrics all = resolve(spec, {.triggers = {{.error = "scaler is down"}}});
  EXPECT_TRUE(all.error);
  EXPECT_FALSE(all.fallback);
  EXPECT_EQ(all.first_error, "scaler is down");
}

TEST(Metrics, GivenAFallback_WhenFailuresPassTheThreshold_ThenItStandsIn) {
  ScaledObjectSpec spec = lag_spec();
  spec.fallback = FallbackSpec{.failure_threshold = 3, .replicas = 6};
  struct Case {
    int32_t failures_before;
    bool fallback;
  };
  for (const Case& given : {Case{0, false}, {1, false}, {2, false}, {3, true}, {4, true}}) {
    const ResolvedMetrics all = resolve(spec, seen({}, 2), given.failures_before);
    EXPECT_EQ(all.fallback, given.fallback) << given.failures_before;
    EXPECT_EQ(all.fallback_activates, given.fallback) << given.failures_before;
    EXPECT_EQ(all.error, !given.fallback) << given.failures_before;
    EXPECT_EQ(all.metrics[0].value, given.fallback ? std::optional(60.0) : std::nullopt) << given.failures_before;
    EXPECT_EQ(all.metrics[0].error, "broker-a did not answer");
  }
}

TEST(Metrics, GivenEachOutcome_WhenExplained_ThenTheLineSaysWhy) {
  ScaledObjectSpec spec = lag_spec();
  Explanation explanation;
  resolve_metrics(spec, {}, seen({}, 2), explanation);
  spec.fallback = FallbackSpec{.failure_threshold = 2, .replicas = 6};
  resolve_metrics(spec, {{"s0-lag", 1}}, seen({}, 2), explanation);
  resolve_metrics(spec, {{"s0-lag", 2}}, seen({}, 2), explanation);
  Observation answered = seen(2.5, 2);
  answered.triggers[0].active = true;
  spec.triggers[0].metrics[0].target_type = TargetType::value;
  resolve_metrics(spec, {}, answered, explanation);
  EXPECT_EQ(explanation.text(),
            "unknown: orders lag is unknown (broker-a did not answer); 1 failure in a row, no fallback is configured\n"
            "unknown: orders lag is unknown (broker-a did not answer); 2 failures in a row, the fallback starts after "
            "more than 2\n"
            "fallback: orders lag is unknown (broker-a did not answer); 3 failures in a row, more than 2: counts as 6 "
            "replicas (static)\n"
            "reading: orders lag is 2.5, target 10; the scaler says active\n");
}

TEST(Fallback, GivenEachBehavior_WhenAsked_ThenReplicasFollowKeda) {
  struct Case {
    FallbackBehavior behavior;
    int32_t replicas, current, expected;
    bool to_zero;
  };
  using enum FallbackBehavior;
  for (const Case& given : {Case{static_replicas, 6, 2, 6, false},
                            {static_replicas, 6, 9, 6, false},
                            {static_replicas, 0, 9, 0, true},
                            {current_replicas, 6, 2, 2, false},
                            {current_replicas, 0, 9, 9, false},
                            {current_replicas_if_higher, 6, 2, 6, false},
                            {current_replicas_if_higher, 6, 9, 9, false},
                            {current_replicas_if_higher, 0, 9, 9, false},
                            {current_replicas_if_lower, 6, 2, 2, false},
                            {current_replicas_if_lower, 6, 9, 6, false},
                            {current_replicas_if_lower, 0, 9, 0, true}}) {
    const FallbackSpec fallback{.replicas = given.replicas, .behavior = given.behavior};
    EXPECT_EQ(fallback_replicas(fallback, given.current), given.expected) << to_string(given.behavior);
    EXPECT_EQ(falls_back_to_zero(fallback), given.to_zero) << to_string(given.behavior);
  }
}

TEST(Fallback, GivenAValueTarget_WhenNothingIsReady_ThenStaysUnknown) {
  const FallbackSpec fallback{.failure_threshold = 0, .replicas = 6};
  const MetricSpec metric{.name = "lag", .target_type = TargetType::value, .target = 10};
  EXPECT_EQ(fallback_value(fallback, metric, 4, 3), 20.0);  // so that the ratio of 2 makes 6 of 3
  EXPECT_EQ(fallback_value(fallback, metric, 4, 0), std::nullopt);

  ScaledObjectSpec spec = lag_spec();
  spec.fallback = fallback;
  spec.triggers[0].metrics[0].target_type = TargetType::value;
  Observation observation = seen({}, 4);
  observation.ready_replicas = 0;
  EXPECT_TRUE(resolve(spec, observation).error);
}

TEST(Explanation, GivenEveryTopic_WhenNamed_ThenNamesAreDistinct) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Topic::decision); ++i) names.insert(to_string(static_cast<Topic>(i)));
  EXPECT_EQ(names.size(), static_cast<size_t>(Topic::decision) + 1);
}

TEST(Explanation, GivenDurations_WhenWritten_ThenTenthsAreRoundedUp) {
  EXPECT_EQ(seconds_text(0), "0 s");
  EXPECT_EQ(seconds_text(1), "0.1 s");
  EXPECT_EQ(seconds_text(1'500), "1.5 s");
  EXPECT_EQ(seconds_text(11'999), "12 s");
  EXPECT_EQ(seconds_text(300'000), "300 s");
}

TEST(Explanation, GivenAWarning_WhenWritten_ThenItIsMarked) {
  Explanation explanation;
  explanation.warn(Topic::fallback, "it is {}", 0);
  EXPECT_EQ(explanation.text(), "fallback: warning: it is 0\n");
  EXPECT_TRUE(explanation.has(Topic::fallback));
  EXPECT_FALSE(explanation.has(Topic::decision));
}

}  // namespace
}  // namespace gantry::scaling
