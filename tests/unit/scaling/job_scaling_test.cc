#include "scaling/job_scaling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::scaling {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ScaledJobSpec one_trigger(double target = 1, std::optional<int32_t> max = std::nullopt) {
  ScaledJobSpec spec;
  spec.max_replica_count = max;
  spec.triggers = {{.name = "orders", .metrics = {{.name = "lag", .target = target}}}};
  return spec;
}

TriggerReading reads(double value, std::optional<bool> active = std::nullopt) {
  return {.metrics = {{"lag", value}}, .active = active};
}

TriggerReading unreadable() { return {.metrics = {{"lag", std::unexpected("broker-a did not answer")}}}; }

// The rows of KEDA's own test of its strategies.
TEST(JobStrategies, GivenKedasOwnRowsThenAsManyJobsMayBeCreated) {
  struct Row {
    JobStrategy strategy;
    int32_t deduction;
    std::optional<double> percentage;
    int64_t wanted, running, pending, max;
    JobScale expected;
  };
  const auto none = std::nullopt;
  const Row rows[] = {
      {JobStrategy::default_, 0, none, 3, 2, 0, 5, {1, 1}},
      {JobStrategy::default_, 0, none, 2, 0, 0, 5, {2, 1}},
      {JobStrategy::default_, 0, none, 2, 5, 0, 5, {-3, 1}},
      {JobStrategy::custom, 1, 0.5, 3, 2, 0, 5, {1, 1}},
      {JobStrategy::custom, 1, 0.5, 10, 0, 0, 10, {9, 1}},
      {JobStrategy::custom, 1, none, 3, 2, 0, 5, {1, 1}},  // as default
      {JobStrategy::custom, 2, 0.0, 3, 2, 0, 5, {1, 1}},
      {JobStrategy::custom, -2, 0.0, 3, 2, 0, 4, {4, 1}},
      {JobStrategy::custom, 0, 0.5, 10, 2, 0, 100, {9, 1}},
      {JobStrategy::custom, 0, 0.5, 10, 0, 0, 100, {10, 1}},
      {JobStrategy::custom, 0, 0.5, 10, 3, 0, 100, {9, 1}},  // 1.5 is cut to 1
      {JobStrategy::accurate, 0, none, 3, 2, 0, 5, {3, 1}},
      {JobStrategy::accurate, 0, none, 5, 2, 0, 5, {3, 1}},
      {JobStrategy::accurate, 0, none, 3, 4, 2, 10, {1, 1}},
      {JobStrategy::accurate, 0, none, 5, 4, 2, 5, {1, 1}},
      {JobStrategy::accurate, 0, none, 3, 3, 3, 5, {0, 1}},
      {JobStrategy::accurate, 0, none, 15, 15, 15, 20, {0, 1}},
      {JobStrategy::accurate, 0, none, 10, 10, 10, 15, {0, 1}},
      {JobStrategy::accurate, 0, none, 20, 15, 10, 20, {5, 1}},
      {JobStrategy::eager, 0, none, 4, 3, 0, 10, {4, 10}},
      {JobStrategy::eager, 0, none, 4, 0, 3, 10, {4, 10}},
      {JobStrategy::eager, 0, none, 4, 7, 0, 10, {3, 10}},
      {JobStrategy::eager, 0, none, 4, 1, 6, 10, {3, 10}},
      {JobStrategy::eager, 0, none, 15, 0, 0, 10, {10, 10}},
  };
  for (const Row& row : rows) {
    ScaledJobSpec spec;
    spec.strategy = row.strategy;
    spec.custom_queue_length_deduction = row.deduction;
    spec.custom_running_job_percentage = row.percentage;
    EXPECT_EQ(scale_by_strategy(spec, row.wanted, row.running, row.pending, row.max, 1), row.expected)
        << to_string(row.strategy) << " " << row.wanted << " " << row.running << " " << row.pending;
  }
}

TEST(JobBounds, GivenMinimumAndMaximumThenKedaCountsTheMaximumBesidesTheMinimumOnlyWhenItIsWritten) {
  struct Row {
    std::optional<int32_t> min, max;
    int64_t expected_min, expected_max;
  };
  const auto none = std::nullopt;
  for (const Row& row : {Row{none, none, 0, 100},
                         {5, none, 5, 100},
                         {none, 50, 0, 50},
                         {2, 10, 2, 8},
                         {10, 10, 10, 0},
                         {20, 10, 10, 10},
                         {200, none, 200, 100}}) {
    ScaledJobSpec spec;
    spec.min_replica_count = row.min;
    spec.max_replica_count = row.max;
    EXPECT_EQ(spec.jobs_min(), row.expected_min) << row.min.value_or(-1) << " " << row.max.value_or(-1);
    EXPECT_EQ(spec.jobs_max_above_min(), row.expected_max) << row.min.value_or(-1) << " " << row.max.value_or(-1);
  }
}

TEST(JobDecisions, GivenOneTriggerThenSoManyJobsAreCreated) {
  struct Row {
    std::string why;
    double waiting, target;
    std::optional<int32_t> min, max;
    JobStrategy strategy;
    JobCounts counts;
    int64_t create;
  };
  const auto none = std::nullopt;
  using enum JobStrategy;
  const Row rows[] = {
      {"nothing waits", 0, 1, none, 10, default_, {}, 0},
      {"one job a message", 7, 1, none, 10, default_, {}, 7},
      {"up to the maximum", 70, 1, none, 10, default_, {}, 10},
      {"default maximum", 700, 1, none, none, default_, {}, 100},
      {"several messages a job, rounded up", 7, 3, none, 10, default_, {}, 3},
      {"default counts a message until its job is done", 7, 1, none, 10, default_, {5, 0}, 2},
      {"default, all run", 7, 1, none, 10, default_, {7, 0}, 0},
      {"default, more run than wait", 3, 1, none, 10, default_, {7, 0}, 0},
      {"accurate: what runs has left the queue", 7, 1, none, 20, accurate, {5, 0}, 7},
      {"accurate: who is pending has not taken its message yet", 7, 1, none, 20, accurate, {5, 5}, 2},
      {"accurate within the maximum", 7, 1, none, 10, accurate, {5, 0}, 5},
      {"eager: no more than wait for it", 4, 1, none, 10, eager, {3, 0}, 4},
      {"eager up to the maximum", 15, 1, none, 10, eager, {3, 0}, 7},
      {"eager, fewer jobs than messages", 10, 5, none, 10, eager, {0, 0}, 2},
      {"fractions of a target: no more jobs than messages", 4, 0.5, none, 10, default_, {}, 4},
      {"minimum first, whatever waits", 50, 1, 2, 10, default_, {}, 2},
      {"minimum, one runs", 0, 1, 2, 10, default_, {1, 0}, 1},
      {"minimum runs: the rest is besides it", 5, 1, 2, 10, default_, {2, 0}, 5},
      {"minimum runs, nothing waits", 0, 1, 2, 10, default_, {2, 0}, 0},
      {"maximum besides the minimum", 50, 1, 2, 10, default_, {2, 0}, 8},
      {"minimum above maximum is the maximum", 0, 1, 20, 10, default_, {4, 0}, 6},
      {"a broken number", 1e300, 1, none, none, default_, {}, 100},
  };
  for (const Row& row : rows) {
    ScaledJobSpec spec = one_trigger(row.target, row.max);
    spec.min_replica_count = row.min;
    spec.strategy = row.strategy;
    const JobDecision decision = decide_jobs(spec, {reads(row.waiting)}, row.counts);
    EXPECT_EQ(decision.create, row.create) << row.why << "\n" << decision.explanation.text();
    EXPECT_FALSE(decision.explanation.text().empty());
  }
}

// The rows of KEDA's test of multipleScalersCalculation: four triggers with 20, 10, 5 and 7 waiting, targets 1, 2, 3
// and 4, the last one not active.
TEST(JobDecisions, GivenSeveralTriggersThenTheyAreCombinedAsInKeda) {
  struct Row {
    MultipleScalers calculation;
    int32_t max;
    int64_t queue_length, wanted;
  };
  for (const Row& row : {Row{MultipleScalers::max, 100, 20, 20},
                         {MultipleScalers::min, 100, 5, 2},
                         {MultipleScalers::avg, 100, 12, 9},
                         {MultipleScalers::sum, 100, 35, 27},
                         {MultipleScalers::sum, 25, 35, 25}}) {
    ScaledJobSpec spec = one_trigger(1, row.max);
    spec.multiple_scalers = row.calculation;
    for (const double target : {2.0, 3.0, 4.0}) {
      spec.triggers.push_back({.name = "more", .metrics = {{.name = "lag", .target = target}}});
    }
    const JobDecision decision =
        decide_jobs(spec, {reads(20, true), reads(10, true), reads(5, true), reads(7, false)}, {});
    EXPECT_TRUE(decision.active);
    EXPECT_EQ(decision.queue_length, row.queue_length) << to_string(row.calculation);
    EXPECT_EQ(decision.wanted, row.wanted) << to_string(row.calculation);
  }
}

TEST(JobDecisions, GivenAnActivationThresholdThenNothingIsCreatedUpToIt) {
  ScaledJobSpec spec = one_trigger(1, 10);
  spec.triggers[0].activation_threshold = 5;
  EXPECT_EQ(decide_jobs(spec, {reads(5)}, {}).create, 0);
  EXPECT_FALSE(decide_jobs(spec, {reads(5)}, {}).active);
  EXPECT_EQ(decide_jobs(spec, {reads(6)}, {}).create, 6);
}

TEST(JobDecisions, GivenAnUnknownTriggerThenItCreatesNothingAndTheOthersCount) {
  ScaledJobSpec spec = one_trigger(1, 10);
  const JobDecision unknown = decide_jobs(spec, {unreadable()}, {.running = 3, .pending = 0});
  EXPECT_EQ(unknown.create, 0);
  EXPECT_TRUE(unknown.error);
  EXPECT_FALSE(unknown.active);
  EXPECT_THAT(unknown.explanation.text(), HasSubstr("broker-a did not answer"));

  spec.triggers.push_back({.name = "refunds", .metrics = {{.name = "lag", .target = 1}}});
  const JobDecision half = decide_jobs(spec, {unreadable(), reads(4)}, {});
  EXPECT_EQ(half.create, 4);
  EXPECT_TRUE(half.error);
  EXPECT_TRUE(half.active);
}

TEST(JobDecisions, GivenAMinimumAndUnknownTriggersThenTheMinimumIsKept) {
  ScaledJobSpec spec = one_trigger(1, 10);
  spec.min_replica_count = 2;
  EXPECT_EQ(decide_jobs(spec, {unreadable()}, {}).create, 2);
  EXPECT_EQ(decide_jobs(spec, {unreadable()}, {.running = 2, .pending = 0}).create, 0);
}

TEST(JobDecisions, GivenSeveralMetricsOfOneTriggerThenTheFirstCountsAndTheMeanOfTargetsDividesAsInKeda) {
  ScaledJobSpec spec = one_trigger(10, 100);
  spec.triggers[0].metrics.push_back({.name = "lag-seconds", .target = 30});
  TriggerReading reading = reads(100);
  reading.metrics.push_back({"lag-seconds", 500.0});

  const JobDecision decision = decide_jobs(spec, {reading}, {});

  EXPECT_EQ(decision.queue_length, 100);
  EXPECT_EQ(decision.wanted, 5);  // 100 / ((10 + 30) / 2)
  EXPECT_THAT(decision.explanation.text(), HasSubstr("warning: orders: of several metrics KEDA counts only the first"));
}

TEST(JobDecisions, GivenThePauseAnnotationThenNothingIsCreated) {
  ScaledJobSpec spec = one_trigger(1, 10);
  spec.min_replica_count = 2;
  spec.paused = true;
  const JobDecision decision = decide_jobs(spec, {reads(5)}, {});
  EXPECT_EQ(decision.create, 0);
  EXPECT_TRUE(decision.explanation.has(Topic::paused));
}

TEST(JobDecisions, GivenADecisionThenItExplainsItself) {
  const JobDecision decision = decide_jobs(one_trigger(2, 10), {reads(9)}, {.running = 2, .pending = 1});
  EXPECT_EQ(decision.explanation.text(),
            "reading: orders lag is 9, target 2 per replica; activates above 0: active\n"
            "proposal: orders lag: 9 / 2 a job: 5 jobs\n"
            "policy: strategy default: 5 wanted - 2 running = 3\n"
            "decision: 3 jobs created, 2 running before\n");
}

TEST(JobHistory, GivenMoreFinishedJobsThanTheLimitThenTheOldestGo) {
  EXPECT_THAT(beyond_history({37, 36, 35}, 1), ElementsAre(2, 1));
  EXPECT_THAT(beyond_history({37, 36, 38}, 2), ElementsAre(1));
  EXPECT_THAT(beyond_history({1, 2}, 0), ElementsAre(0, 1));
  EXPECT_THAT(beyond_history({1, 2}, 2), IsEmpty());
  EXPECT_THAT(beyond_history({}, 0), IsEmpty());
}

TEST(ScaledJobSpecs, GivenBadValuesThenTheFieldIsNamed) {
  struct Row {
    std::function<void(ScaledJobSpec&)> spoil;
    std::string message;
  };
  for (const Row& row : {Row{[](auto& s) { s.polling_interval_ms = 0; }, "pollingInterval"},
                         {[](auto& s) { s.min_replica_count = -1; }, "minReplicaCount: expected 0 or more, got -1"},
                         {[](auto& s) { s.max_replica_count = 0; }, "maxReplicaCount: expected 1 or more, got 0"},
                         {[](auto& s) { s.successful_jobs_history_limit = -1; }, "successfulJobsHistoryLimit"},
                         {[](auto& s) { s.failed_jobs_history_limit = -1; }, "failedJobsHistoryLimit"},
                         {[](auto& s) { s.custom_running_job_percentage = 1.0 / 0.0; }, "RunningJobPercentage"},
                         {[](auto& s) { s.triggers.clear(); }, "triggers: expected at least one"},
                         {[](auto& s) { s.triggers[0].metrics[0].target = 0; }, "target of metric lag"}}) {
    ScaledJobSpec spec = one_trigger();
    ASSERT_TRUE(validate(spec));
    row.spoil(spec);
    const auto checked = validate(spec);
    ASSERT_FALSE(checked) << row.message;
    EXPECT_THAT(checked.error().message, HasSubstr(row.message));
  }
  ScaledJobSpec reversed = one_trigger(1, 3);
  reversed.min_replica_count = 5;
  EXPECT_TRUE(validate(reversed)) << "KEDA takes it, and clamps";
}

}  // namespace
}  // namespace gantry::scaling
