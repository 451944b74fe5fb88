#include "triggers/trigger_value.h"

#include <gtest/gtest.h>

#include "kube/manifest.h"

namespace gantry::triggers {
namespace {

kube::RocketmqTriggerMetadata trigger() {
  kube::RocketmqTriggerMetadata t;
  t.topics = {"orders"};
  t.consumer_group = "g";
  t.lag_threshold = 100;
  return t;
}

lag::LagReading reading(std::optional<std::int64_t> lag, std::size_t queues = 4) {
  lag::LagReading r;
  r.topic = "orders";
  r.group = "g";
  r.lag = lag;
  r.retry = 0;
  r.oldest_age_ms = 2'500;
  for (std::size_t i = 0; i < queues; ++i) {
    lag::QueueReading q;
    q.queue_id = static_cast<std::int32_t>(i);
    q.lag = i == 0 ? lag : 0;
    r.queues.push_back(q);
  }
  if (!lag) r.unknown.push_back("broker-a: connection refused");
  return r;
}

double value(const scaling::TriggerReading& r, std::size_t metric = 0) { return r.metrics.at(metric).value.value(); }

TEST(LagQueries, GivenATriggerThenEachTopicIsReadInItsOrder) {
  kube::Trigger ours;
  ours.rocketmq = trigger();
  ours.rocketmq->topics = {"orders", "bills"};
  ours.rocketmq->offset_reset_policy = kube::OffsetResetPolicy::latest;
  const auto queries = lag_queries(ours);
  ASSERT_EQ(queries.size(), 2u);
  EXPECT_EQ(queries[0].topic, "orders");
  EXPECT_EQ(queries[1].topic, "bills");
  EXPECT_EQ(queries[1].group, "g");
  EXPECT_EQ(queries[1].policy, lag::OffsetResetPolicy::latest);
}

TEST(LagQueries, GivenATriggerOfAnotherScalerThenNothingIsRead) { EXPECT_TRUE(lag_queries(kube::Trigger{}).empty()); }

TEST(TriggerValue, GivenAKnownLagThenItIsTheValueAndActiveMeansStrictlyGreater) {
  auto t = trigger();
  t.activation_lag_threshold = 7;
  EXPECT_EQ(value(trigger_value(t, {reading(8)})), 8);
  EXPECT_EQ(trigger_value(t, {reading(8)}).active, true);
  EXPECT_EQ(trigger_value(t, {reading(7)}).active, false);
}

TEST(TriggerValue, GivenAnUnknownPartThenTheValueIsUnknownWithItsReasonAndNotZero) {
  auto t = trigger();
  t.topics = {"orders", "returns"};
  const auto partly = trigger_value(t, {reading(8), reading(std::nullopt)});
  ASSERT_FALSE(partly.metrics[0].value);
  EXPECT_EQ(partly.metrics[0].value.error(), "broker-a: connection refused");
  EXPECT_FALSE(partly.active.has_value());
  const auto failed = trigger_value(t, {reading(8), std::unexpected(Error{Errc::unavailable, "nobody answers"})});
  EXPECT_EQ(failed.metrics[0].value.error(), "nobody answers");
}

TEST(TriggerValue, GivenUnknownRetriesThenTheyCountOnlyWhenAskedFor) {
  auto r = reading(8);
  r.retry.reset();
  auto t = trigger();
  EXPECT_FALSE(trigger_value(t, {r}).metrics[0].value);
  t.include_retry = false;
  EXPECT_EQ(value(trigger_value(t, {r})), 8);
  r.retry = 5;
  t.include_retry = true;
  EXPECT_EQ(value(trigger_value(t, {r})), 13);
}

TEST(TriggerValue, GivenClassicConsumersThenNoMoreReplicasThanQueuesAreAskedFor) {
  auto t = trigger();
  EXPECT_EQ(value(trigger_value(t, {reading(10'000)})), 400) << "4 queues of 100 each";
  t.limit_to_queues_with_lag = true;
  EXPECT_EQ(value(trigger_value(t, {reading(10'000)})), 100);
  t.allow_idle_consumers = true;
  EXPECT_EQ(value(trigger_value(t, {reading(10'000)})), 10'000);
}

TEST(TriggerValue, GivenALagThatCountsAsLessThenTheLagAndTheReasonTravelWithIt) {
  auto t = trigger();
  const auto plain = trigger_value(t, {reading(400)});
  EXPECT_FALSE(plain.metrics[0].measured);
  EXPECT_EQ(plain.metrics[0].why_counted, "");

  const auto capped = trigger_value(t, {reading(43'533)});
  EXPECT_EQ(capped.metrics[0].measured, 43'533);
  EXPECT_EQ(capped.metrics[0].why_counted,
            "4 queues x 100 (more consumers than queues would idle; allowIdleConsumers: \"true\", or mode: pop for a "
            "group that pops, "
            "lifts this)");

  t.limit_to_queues_with_lag = true;
  auto retried = reading(43'533);
  retried.retry = 7;
  const auto both = trigger_value(t, {retried});
  EXPECT_EQ(value(both), 100);
  EXPECT_EQ(both.metrics[0].measured, 43'533);
  EXPECT_EQ(both.metrics[0].why_counted,
            "7 more wait for a retry (includeRetry: \"false\" leaves them out); 1 queue with a backlog x 100 "
            "(limitToQueuesWithLag: \"true\")");

  const auto two = trigger_value(t, {reading(10), reading(500)});
  EXPECT_EQ(value(two), 110);
  EXPECT_EQ(two.metrics[0].measured, 510);
  EXPECT_TRUE(two.metrics[0].why_counted.starts_with("orders: 1 queue")) << two.metrics[0].why_counted;
}

TEST(TriggerValue, GivenAnActivationThresholdAboveTheLimitByQueuesThenALagBeyondItActivatesAllTheSame) {
  auto t = trigger();
  t.activation_lag_threshold = 1'000;  // 4 queues of 100 each
  EXPECT_EQ(trigger_value(t, {reading(1'000)}).active, false);
  const auto above = trigger_value(t, {reading(1'001)});
  EXPECT_EQ(above.active, true);
  EXPECT_EQ(value(above), 400);
}

TEST(TriggerValue, GivenPopThenThereIsNoCapByQueues) {
  auto t = trigger();
  auto r = reading(10'000);
  r.pop = true;
  EXPECT_EQ(value(trigger_value(t, {r})), 10'000);
  t.mode = kube::ConsumeMode::classic;
  EXPECT_EQ(value(trigger_value(t, {r})), 400);
  t.mode = kube::ConsumeMode::pop;
  r.pop = false;
  EXPECT_EQ(value(trigger_value(t, {r})), 10'000);
}

TEST(TriggerValue, GivenAThresholdInSecondsThenTheAgeIsASecondMetric) {
  auto t = trigger();
  t.lag_seconds_threshold = 30;
  auto old = reading(1);
  old.oldest_age_ms = 90'000;
  const auto both = trigger_value(t, {reading(1), old});
  ASSERT_EQ(both.metrics.size(), 2u);
  EXPECT_EQ(both.metrics[1].name, kLagSecondsMetric);
  EXPECT_EQ(value(both, 1), 90);
  old.oldest_age_ms.reset();
  EXPECT_FALSE(trigger_value(t, {old}).metrics[1].value);
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
}  // namespace gantry::triggers
