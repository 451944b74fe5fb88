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

constexpr const char* kYaml = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker}
spec:
  selector: {matchLabels: {app: w}}
  template:
    metadata: {labels: {app: w}}
    spec: {containers: [{name: w, image: x, command: ["true"]}]}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: so
  annotations: {gantry/hpa-sync-period: 2s, autoscaling.keda.sh/paused-replicas: "3"}
spec:
  scaleTargetRef: {name: worker}
  pollingInterval: 5
  cooldownPeriod: 60
  initialCooldownPeriod: 7
  minReplicaCount: 2
  maxReplicaCount: 9
  idleReplicaCount: 0
  fallback: {failureThreshold: 4, replicas: 6, behavior: currentReplicasIfHigher}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleUp:
          stabilizationWindowSeconds: 11
          selectPolicy: Min
          policies: [{type: Pods, value: 3, periodSeconds: 4}]
        scaleDown:
          selectPolicy: Disabled
          tolerance: 200m
          policies: [{type: Percent, value: 50, periodSeconds: 8}]
  triggers:
    - type: external-push
      name: backlog
      metricType: Value
      metadata: {scalerAddress: "gantry-scaler:6000", nameServers: "ns:9876", topic: orders, consumerGroup: g,
                 lagThreshold: "25", activationLagThreshold: "3", lagSecondsThreshold: "40"}
)";

TEST(SpecOf, GivenAScaledObjectThenEveryFieldReachesScaling) {
  auto manifest = kube::parse_manifests({{"so.yaml", kYaml}});
  ASSERT_TRUE(manifest) << kube::to_error(manifest.error()).message;
  auto spec = spec_of(manifest->scaled_objects.at(0));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->polling_interval_ms, 5'000);
  EXPECT_EQ(spec->cooldown_period_ms, 60'000);
  EXPECT_EQ(spec->initial_cooldown_period_ms, 7'000);
  EXPECT_EQ(spec->hpa_sync_period_ms, 2'000);
  EXPECT_EQ(spec->min_replica_count, 2);
  EXPECT_EQ(spec->max_replica_count, 9);
  EXPECT_EQ(spec->idle_replica_count, 0);
  EXPECT_EQ(spec->pause.paused_replicas, 3);
  ASSERT_TRUE(spec->fallback);
  EXPECT_EQ(*spec->fallback, (scaling::FallbackSpec{4, 6, scaling::FallbackBehavior::current_replicas_if_higher}));
  EXPECT_EQ(spec->scale_up.stabilization_window_s, 11);
  EXPECT_EQ(spec->scale_up.select_policy, scaling::SelectPolicy::min);
  EXPECT_EQ(spec->scale_up.policies.at(0), (scaling::ScalingPolicy{scaling::PolicyType::pods, 3, 4}));
  EXPECT_EQ(spec->scale_down.select_policy, scaling::SelectPolicy::disabled);
  EXPECT_EQ(spec->scale_down.tolerance, 0.2);
  EXPECT_EQ(spec->scale_down.policies.at(0), (scaling::ScalingPolicy{scaling::PolicyType::percent, 50, 8}));
  ASSERT_EQ(spec->triggers.size(), 1u);
  EXPECT_EQ(spec->triggers[0].name, "backlog");
  EXPECT_EQ(spec->triggers[0].activation_threshold, 3);
  ASSERT_EQ(spec->triggers[0].metrics.size(), 2u);
  EXPECT_EQ(spec->triggers[0].metrics[0], (scaling::MetricSpec{"lag", scaling::TargetType::value, 25}));
  EXPECT_EQ(spec->triggers[0].metrics[1].target, 40);
}

}  // namespace
}  // namespace gantry::autoscaler
