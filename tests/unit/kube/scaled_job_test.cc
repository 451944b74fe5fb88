#include "kube/scaled_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/manifest.h"

namespace gantry::kube {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kScaledJob = R"(apiVersion: keda.sh/v1alpha1
kind: ScaledJob
metadata:
  name: resize
spec:
  jobTargetRef:
    backoffLimit: 2
    template:
      metadata:
        labels: {app: resize}
      spec:
        restartPolicy: Never
        containers:
          - name: main
            image: resize
            command: [gantry, consume, --one]
  pollingInterval: 5
  maxReplicaCount: 8
  triggers:
    - type: external
      metadata:
        scalerAddress: gantry-scaler.gantry-system:6000
        nameServers: a:9876
        topic: photos
        consumerGroup: resizers
        lagThreshold: "1"
)";

std::string with(std::string_view from, std::string_view to) {
  std::string text(kScaledJob);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::vector<std::string> faults_of(std::string_view text) {
  auto parsed = parse_manifest(text, "f.yaml");
  std::vector<std::string> lines;
  if (!parsed) {
    for (const Problem& problem : parsed.error()) lines.push_back(to_string(problem));
  }
  return lines;
}

TEST(ScaledJob, GivenOneWhenParsedThenFieldsAreTypedAndDefaultsAreKedas) {
  auto parsed = parse_manifest(kScaledJob, "f.yaml");
  ASSERT_TRUE(parsed) << to_string(parsed.error().front());
  const ScaledJob& object = parsed->scaled_jobs.at(0);
  EXPECT_EQ(object.metadata.name, "resize");
  EXPECT_EQ(object.job.backoff_limit, 2);
  EXPECT_EQ(object.job.pods_at_a_time(), 1);
  EXPECT_EQ(object.job.completions_needed(), 1);
  EXPECT_EQ(object.job.active_deadline_s, std::nullopt);
  EXPECT_EQ(object.job.pod.termination_grace_period_s, 30);
  EXPECT_THAT(object.job.pod.main_container().command, ElementsAre("gantry", "consume", "--one"));
  EXPECT_EQ(object.polling_interval_s, 5);
  EXPECT_EQ(object.min_replica_count, std::nullopt);
  EXPECT_EQ(object.max_replica_count, 8);
  EXPECT_EQ(object.successful_jobs_history_limit, 100);
  EXPECT_EQ(object.failed_jobs_history_limit, 100);
  EXPECT_EQ(object.strategy.strategy, "default");
  EXPECT_EQ(object.strategy.multiple_scalers_calculation, "max");
  ASSERT_TRUE(object.triggers.at(0).rocketmq);
  EXPECT_EQ(object.triggers[0].rocketmq->consumer_group, "resizers");
  EXPECT_FALSE(object.paused);
}

TEST(ScaledJob, GivenEveryOptionWhenParsedThenItArrives) {
  std::string text = with("  pollingInterval: 5\n", R"(  pollingInterval: 7
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 0
  minReplicaCount: 1
  rolloutStrategy: gradual
  rollout: {strategy: immediate, propagationPolicy: foreground}
  envSourceContainerName: main
  scalingStrategy:
    strategy: custom
    customScalingQueueLengthDeduction: -2
    customScalingRunningJobPercentage: "0.5"
    pendingPodConditions: [Ready, PodScheduled]
    multipleScalersCalculation: sum
)");
  text.replace(text.find("    backoffLimit: 2\n"), 20, R"(    parallelism: 2
    completions: 3
    activeDeadlineSeconds: 60
    backoffLimit: 0
    completionMode: NonIndexed
    suspend: false
    ttlSecondsAfterFinished: 100
)");
  text.replace(text.find("  name: resize\n"), 15, R"(  name: resize
  annotations:
    autoscaling.keda.sh/paused: "true"
    gantry/embedded-broker: "true"
    gantry/generator: '{"topic": "photos", "messages": 5}'
    gantry/local-command: '["sleep", "1"]'
)");
  auto parsed = parse_manifest(text, "f.yaml");
  ASSERT_TRUE(parsed) << to_string(parsed.error().front());
  const ScaledJob& object = parsed->scaled_jobs.at(0);
  EXPECT_EQ(object.polling_interval_s, 7);
  EXPECT_EQ(object.successful_jobs_history_limit, 3);
  EXPECT_EQ(object.failed_jobs_history_limit, 0);
  EXPECT_EQ(object.min_replica_count, 1);
  EXPECT_EQ(object.strategy.strategy, "custom");
  EXPECT_EQ(object.strategy.custom_queue_length_deduction, -2);
  EXPECT_EQ(object.strategy.custom_running_job_percentage, 0.5);
  EXPECT_EQ(object.strategy.multiple_scalers_calculation, "sum");
  EXPECT_EQ(object.job.pods_at_a_time(), 2);
  EXPECT_EQ(object.job.completions_needed(), 3);
  EXPECT_EQ(object.job.active_deadline_s, 60);
  EXPECT_EQ(object.job.backoff_limit, 0);
  EXPECT_TRUE(object.paused);
  EXPECT_TRUE(object.gantry.embedded_broker);
  EXPECT_EQ(object.gantry.generator->messages, 5);
  EXPECT_THAT(*object.job.pod.local_command, ElementsAre("sleep", "1"));
  EXPECT_THAT(parsed->ignored, Contains(HasSubstr("pendingPodConditions")));
}

TEST(ScaledJob, GivenAMalformedOneWhenParsedThenTheProblemNamesLinePathExpectedAndFound) {
  struct Case {
    std::string_view from, to, problem;
  };
  const Case cases[] = {
      {"  jobTargetRef:\n", "  jobTargetReff:\n", "f.yaml:6: spec.jobTargetReff: expected a known field"},
      {"  jobTargetRef:\n", "  scaleTargetRef: {name: x}\n  jobTargetRef:\n",
       "f.yaml:6: spec.scaleTargetRef: expected"},
      {"backoffLimit: 2", "backoffLimit: -1",
       "f.yaml:7: spec.jobTargetRef.backoffLimit: expected an integer of at least 0, got -1"},
      {"backoffLimit: 2", "backoffLimit: \"2\"", "f.yaml:7: spec.jobTargetRef.backoffLimit: expected an integer"},
      {"backoffLimit: 2", "parallelism: 0", "spec.jobTargetRef.parallelism: expected an integer"},
      {"backoffLimit: 2", "parallelism: 100001", "spec.jobTargetRef.parallelism: expected an integer"},
      {"backoffLimit: 2", "completions: 0", "spec.jobTargetRef.completions: expected a positive integer"},
      {"backoffLimit: 2", "activeDeadlineSeconds: 0",
       "spec.jobTargetRef.activeDeadlineSeconds: expected a positive integer"},
      {"backoffLimit: 2", "suspend: true", "suspend: expected false, because nothing else is supported here, got true"},
      {"backoffLimit: 2", "completionMode: Indexed", "completionMode: expected NonIndexed, because nothing else"},
      {"backoffLimit: 2", "podFailurePolicy: {rules: []}", "expected nothing, because podFailurePolicy"},
      {"backoffLimit: 2", "restartPolicy: Never", "f.yaml:7: spec.jobTargetRef.restartPolicy: expected a known field"},
      {"restartPolicy: Never", "restartPolicy: Always",
       "f.yaml:12: spec.jobTargetRef.template.spec.restartPolicy: expected Never or OnFailure, got \"Always\""},
      {"restartPolicy: Never", "terminationGracePeriodSeconds: -1", "terminationGracePeriodSeconds: expected"},
      {"            command: [gantry, consume, --one]\n", "",
       "f.yaml:14: expected a command in container \"main\", or the annotation gantry/local-command on the ScaledJob"},
      {"pollingInterval: 5", "pollingInterval: 0", "f.yaml:17: spec.pollingInterval: expected a positive integer"},
      {"pollingInterval: 5", "cooldownPeriod: 5", "f.yaml:17: spec.cooldownPeriod: expected a known field"},
      {"pollingInterval: 5", "fallback: {replicas: 1}", "f.yaml:17: spec.fallback: expected a known field"},
      {"maxReplicaCount: 8", "maxReplicaCount: 0", "f.yaml:18: spec.maxReplicaCount: expected a positive integer"},
      {"maxReplicaCount: 8", "minReplicaCount: -1", "spec.minReplicaCount: expected an integer of at least 0"},
      {"maxReplicaCount: 8", "failedJobsHistoryLimit: -1", "spec.failedJobsHistoryLimit: expected an integer"},
      {"maxReplicaCount: 8", "successfulJobsHistoryLimit: many", "spec.successfulJobsHistoryLimit: expected an"},
      {"maxReplicaCount: 8", "scalingStrategy: {strategy: greedy}",
       "f.yaml:18: spec.scalingStrategy.strategy: expected one of default, custom, accurate, eager, got \"greedy\""},
      {"maxReplicaCount: 8", "scalingStrategy: {multipleScalersCalculation: mean}",
       "spec.scalingStrategy.multipleScalersCalculation: expected one of max, min, avg, sum, got \"mean\""},
      {"maxReplicaCount: 8", "scalingStrategy: {customScalingRunningJobPercentage: 50%}",
       "customScalingRunningJobPercentage: expected a factor such as \"0.5\", got \"50%\""},
      {"maxReplicaCount: 8", "scalingStrategy: {customScalingRunningJobPercentage: 0.5}",
       "customScalingRunningJobPercentage: expected a string"},
      {"maxReplicaCount: 8", "scalingStrategy: {customScalingQueueLengthDeduction: x}",
       "Deduction: expected an integer"},
      {"maxReplicaCount: 8", "rolloutStrategy: slow",
       "rolloutStrategy: expected one of gradual, immediate, got \"slow\""},
      {"maxReplicaCount: 8", "rollout: {strategy: slow}", "spec.rollout.strategy: expected one of gradual, immediate"},
      {"maxReplicaCount: 8", "rollout: {pace: slow}", "spec.rollout.pace: expected a known field"},
      {"    - type: external\n", "    - type: external\n      metricType: AverageValue\n",
       "f.yaml:21: spec.triggers[0].metricType: expected nothing, because a ScaledJob has no HPA"},
      {"lagThreshold: \"1\"", "lagThreshold: 5x", "lagThreshold"},
      {"  name: resize\n", "  name: resize\n  annotations: {gantry/hpa-sync-period: 1s}\n", "gantry/hpa-sync-period"},
      {"  name: resize\n", "  name: resize\n  annotations: {gantry/local-command: \"[]\"}\n", "got an empty one"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(faults_of(with(c.from, c.to)), Contains(HasSubstr(c.problem))) << c.to;
  }
}

TEST(ScaledJob, GivenWhatKedaPassesOverThenItIsListedAsIgnored) {
  auto parsed =
      parse_manifest(with("type: external\n", "type: external-push\n      useCachedMetrics: true\n"), "f.yaml");
  ASSERT_TRUE(parsed) << to_string(parsed.error().front());
  EXPECT_THAT(parsed->ignored, Contains(HasSubstr("external-push, which KEDA polls for ScaledJobs")));
  EXPECT_THAT(parsed->ignored, Contains(HasSubstr("useCachedMetrics")));
}

TEST(ScaledJob, GivenFilesThatBelongTogetherThenNamesAndReferencesAreChecked) {
  const std::string other = with("type: external\n", "type: external\n      authenticationRef: {name: nobody}\n");
  auto parsed = parse_manifests({{"a.yaml", std::string(kScaledJob)}, {"b.yaml", other}});
  ASSERT_FALSE(parsed);
  std::vector<std::string> lines;
  for (const Problem& problem : parsed.error()) lines.push_back(to_string(problem));
  EXPECT_THAT(lines, Contains(HasSubstr("b.yaml:1: metadata.name: expected each object once, got \"resize\" again")));
  EXPECT_THAT(lines, Contains(HasSubstr("expected a TriggerAuthentication, got \"nobody\"")));
}

TEST(ScaledJob, GivenAnotherClusterThenTheNameServersOfTriggersAndContainersAreReplaced) {
  auto parsed = parse_manifest(with("            command:",
                                    "            env: [{name: NAMESRV_ADDR, value: \"a:9876\"}]\n"
                                    "            command:"),
                               "f.yaml");
  ASSERT_TRUE(parsed) << to_string(parsed.error().front());
  redirect_name_servers(*parsed, "127.0.0.1:1");
  EXPECT_EQ(parsed->scaled_jobs[0].job.pod.containers[0].env[0].value, "127.0.0.1:1");
  EXPECT_THAT(parsed->scaled_jobs[0].triggers[0].rocketmq->name_servers, ElementsAre("127.0.0.1:1"));
}

}  // namespace
}  // namespace gantry::kube
