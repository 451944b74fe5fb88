#include "autoscaler/scaled_object_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/manifest.h"

namespace gantry::autoscaler {
namespace {

using testing::HasSubstr;

// What the fields of a ScaledObject's spec become.
Result<scaling::ScaledObjectSpec> spec(const std::string& fields, const std::string& more_metadata = {}) {
  auto manifest = kube::parse_manifests(
      {{"a.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w}\nspec:\n  selector: {matchLabels: {app: w}}\n"
        "  template:\n    metadata: {labels: {app: w}}\n    spec:\n"
        "      containers: [{name: w, image: i, command: [\"true\"]}]\n"
        "---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: a}\nspec:\n"
        "  scaleTargetRef: {name: w}\n" +
            fields +
            "  triggers:\n  - type: external\n    metadata: {scalerAddress: \"gantry-scaler:6000\", topic: t, "
            "consumerGroup: g, nameServers: \"ns:9876\"" +
            more_metadata + "}\n"}});
  if (!manifest) return std::unexpected(kube::to_error(manifest.error()));
  return spec_of(manifest->scaled_objects.at(0));
}

TEST(ScaledObjectSpec, GivenEachFallbackBehaviourThenItIsThatOfTheRules) {
  using enum scaling::FallbackBehavior;
  const std::pair<const char*, scaling::FallbackBehavior> cases[] = {
      {"static", static_replicas},
      {"currentReplicas", current_replicas},
      {"currentReplicasIfHigher", current_replicas_if_higher},
      {"currentReplicasIfLower", current_replicas_if_lower},
  };
  for (const auto& [name, expected] : cases) {
    auto made = spec("  fallback: {failureThreshold: 3, replicas: 6, behavior: " + std::string(name) + "}\n");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->fallback->behavior, expected) << name;
    EXPECT_EQ(made->fallback->failure_threshold, 3);
    EXPECT_EQ(made->fallback->replicas, 6);
  }
  EXPECT_FALSE(spec("")->fallback);
}

TEST(ScaledObjectSpec, GivenSecondsAsAThresholdThenTheyAreAMetricOfTheirOwn) {
  auto made = spec("  pollingInterval: 2\n  cooldownPeriod: 9\n  minReplicaCount: 1\n  maxReplicaCount: 7\n",
                   ", lagThreshold: \"50\", activationLagThreshold: \"5\", lagSecondsThreshold: \"30\"");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->polling_interval_ms, 2'000);
  EXPECT_EQ(made->cooldown_period_ms, 9'000);
  EXPECT_EQ(made->min_replica_count, 1);
  EXPECT_EQ(made->max_replica_count, 7);
  const scaling::TriggerSpec& trigger = made->triggers.at(0);
  EXPECT_EQ(trigger.name, "s0-external");
  EXPECT_EQ(trigger.activation_threshold, 5);
  ASSERT_EQ(trigger.metrics.size(), 2U);
  EXPECT_EQ(trigger.metrics[0].target, 50);
  EXPECT_EQ(trigger.metrics[1].target, 30);
}

TEST(ScaledObjectSpec, GivenRulesThatContradictThenTheErrorNamesFileAndObject) {
  auto made = spec("  idleReplicaCount: 4\n  minReplicaCount: 2\n");
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("a.yaml:"));
}

}  // namespace
}  // namespace gantry::autoscaler
