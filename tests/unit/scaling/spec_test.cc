// Defaults, names and refusals of specs.
#include "scaling/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "unit/scaling/make.h"

namespace gantry::scaling {
namespace {

using ::testing::HasSubstr;

TEST(Spec, GivenNothingSaid_ThenDefaultsAreKedasAndTheHpas) {
  const ScaledObjectSpec spec;
  EXPECT_EQ(spec.polling_interval_ms, 30'000);
  EXPECT_EQ(spec.cooldown_period_ms, 300'000);
  EXPECT_EQ(spec.initial_cooldown_period_ms, 0);
  EXPECT_EQ(spec.hpa_sync_period_ms, 15'000);
  EXPECT_EQ(spec.min_replica_count, 0);
  EXPECT_EQ(spec.hpa_min_replicas(), 1);
  EXPECT_EQ(spec.max_replica_count, 100);
  EXPECT_EQ(spec.tolerance, 0.1);
  EXPECT_EQ(spec.scale_up.stabilization_window_s, 0);
  EXPECT_EQ(spec.scale_up.policies,
            (std::vector<ScalingPolicy>{{PolicyType::pods, 4, 15}, {PolicyType::percent, 100, 15}}));
  EXPECT_EQ(spec.scale_down.stabilization_window_s, 300);
  EXPECT_EQ(spec.scale_down.policies, (std::vector<ScalingPolicy>{{PolicyType::percent, 100, 15}}));
}

TEST(Spec, GivenAllDefaultsAndATrigger_WhenValidated_ThenAccepted) { EXPECT_TRUE(validate(test::lag_spec())); }

struct RefusedCase {
  std::string expected;  // in the message
  std::function<void(ScaledObjectSpec&)> spoil;
};

TEST(Spec, GivenOneWrongField_WhenValidated_ThenTheMessageNamesIt) {
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<RefusedCase> cases{
      {"pollingInterval: expected 1 to", [](auto& s) { s.polling_interval_ms = 0; }},
      {"cooldownPeriod: expected 0 to", [](auto& s) { s.cooldown_period_ms = -1; }},
      {"initialCooldownPeriod", [](auto& s) { s.initial_cooldown_period_ms = -1; }},
      {"HPA sync period", [](auto& s) { s.hpa_sync_period_ms = std::numeric_limits<int64_t>::max(); }},
      {"minReplicaCount: expected 0 or more, got -1", [](auto& s) { s.min_replica_count = -1; }},
      {"maxReplicaCount: expected 1 or more, got 0", [](auto& s) { s.max_replica_count = 0; }},
      {"minReplicaCount: expected at most maxReplicaCount (100), got 101", [](auto& s) { s.min_replica_count = 101; }},
      {"idleReplicaCount", [](auto& s) { s.idle_replica_count = 1; }},
      {"idleReplicaCount", [](auto& s) { s.min_replica_count = 2, s.idle_replica_count = 2; }},
      {"idleReplicaCount", [](auto& s) { s.idle_replica_count = -1; }},
      {"fallback.failureThreshold", [](auto& s) { s.fallback = FallbackSpec{.failure_threshold = -1}; }},
      {"fallback.replicas", [](auto& s) { s.fallback = FallbackSpec{.replicas = -1}; }},
      {"paused-replicas", [](auto& s) { s.pause.paused_replicas = -1; }},
      {"tolerance", [](auto& s) { s.tolerance = -0.1; }},
      {"tolerance", [](auto& s) { s.tolerance = kNan; }},
      {"behavior.scaleUp.tolerance", [](auto& s) { s.scale_up.tolerance = kNan; }},
      {"behavior.scaleUp.stabilizationWindowSeconds: expected 0 to 3600, got 3601",
       [](auto& s) { s.scale_up.stabilization_window_s = 3601; }},
      {"behavior.scaleDown.stabilizationWindowSeconds", [](auto& s) { s.scale_down.stabilization_window_s = -1; }},
      {"behavior.scaleDown.policies: expected at least one", [](auto& s) { s.scale_down.policies.clear(); }},
      {"behavior.scaleUp.policies[1].value", [](auto& s) { s.scale_up.policies[1].value = 0; }},
      {"behavior.scaleUp.policies[0].periodSeconds: expected 1 to 1800",
       [](auto& s) { s.scale_up.policies[0].period_s = 1801; }},
      {"triggers: expected at least one", [](auto& s) { s.triggers.clear(); }},
      {"triggers[0]: activation threshold", [](auto& s) { s.triggers[0].activation_threshold = kNan; }},
      {"triggers[0]: target of metric lag: expected 0.001 or more, got 0",
       [](auto& s) { s.triggers[0].metrics[0].target = 0; }},
      {"triggers[0]: metric lag is defined twice",
       [](auto& s) { s.triggers[0].metrics.push_back(s.triggers[0].metrics[0]); }}};
  for (const RefusedCase& given : cases) {
    ScaledObjectSpec spec = test::lag_spec();
    given.spoil(spec);
    const auto result = validate(spec);
    ASSERT_FALSE(result) << given.expected;
    EXPECT_EQ(result.error().code, Errc::invalid_argument);
    EXPECT_THAT(result.error().message, HasSubstr(given.expected));
  }
}

TEST(Spec, GivenIdleZeroBesideMinZero_WhenValidated_ThenAcceptedAsByKeda) {
  ScaledObjectSpec spec = test::lag_spec();
  spec.idle_replica_count = 0;
  EXPECT_TRUE(validate(spec));
}

TEST(Spec, GivenEachName_WhenParsed_ThenItComesBack) {
  for (const char* name : {"AverageValue", "Value"}) EXPECT_EQ(to_string(*parse_target_type(name)), name);
  for (const char* name : {"static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"}) {
    EXPECT_EQ(to_string(*parse_fallback_behavior(name)), name);
  }
  for (const char* name : {"Pods", "Percent"}) EXPECT_EQ(to_string(*parse_policy_type(name)), name);
  for (const char* name : {"Max", "Min", "Disabled"}) EXPECT_EQ(to_string(*parse_select_policy(name)), name);
  EXPECT_EQ(parse_target_type("Utilization"), std::nullopt);
  EXPECT_EQ(parse_fallback_behavior("Static"), std::nullopt);
  EXPECT_EQ(parse_policy_type(""), std::nullopt);
  EXPECT_EQ(parse_select_policy("max"), std::nullopt);
  EXPECT_EQ(to_string(static_cast<PolicyType>(99)), "unknown");
}

}  // namespace
}  // namespace gantry::scaling
