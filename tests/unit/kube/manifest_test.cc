#include "kube/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "kube/environment.h"

namespace gantry::kube {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

constexpr std::string_view kDeployment = R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: worker
spec:
  replicas: 2
  selector:
    matchLabels: {app: worker}
  template:
    metadata:
      labels: {app: worker}
    spec:
      containers:
        - name: main
          image: busybox
          command: [sleep, "5"]
)";

constexpr std::string_view kScaledObject = R"(apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: orders
  annotations:
    other/thing: x
spec:
  scaleTargetRef:
    name: worker
  pollingInterval: 2
  minReplicaCount: 0
  maxReplicaCount: 8
  triggers:
    - type: external-push
      metadata:
        scalerAddress: gantry-scaler.gantry-system:6000
        nameServers: a:9876;b:9876
        topic: orders
        consumerGroup: workers
        lagThreshold: "5"
)";

std::vector<std::string> problems_of(std::string_view text) {
  auto parsed = parse_manifest(text, "f.yaml");
  std::vector<std::string> out;
  if (parsed) return out;
  for (const Problem& problem : parsed.error()) out.push_back(to_string(problem));
  return out;
}

TEST(Manifest, GivenADeploymentWhenParsedThenItsFieldsAreTyped) {
  auto parsed = parse_manifest(kDeployment, "f.yaml");
  ASSERT_TRUE(parsed) << to_error(parsed.error()).message;
  const Deployment* deployment = parsed->deployment("default", "worker");
  ASSERT_NE(deployment, nullptr);
  EXPECT_EQ(deployment->replicas, 2);
  EXPECT_EQ(deployment->line, 1);
  EXPECT_EQ(deployment->pod.termination_grace_period_s, 30);
  EXPECT_THAT(deployment->pod.main_container().command, ElementsAre("sleep", "5"));
  EXPECT_THAT(parsed->ignored, ElementsAre("Deployment spec.template.spec.containers[].image"));
}

TEST(Manifest, GivenAScaledObjectWhenParsedThenDefaultsAreThoseOfKeda) {
  auto parsed = parse_manifest(kScaledObject, "f.yaml");
  ASSERT_TRUE(parsed) << to_error(parsed.error()).message;
  const ScaledObject& object = parsed->scaled_objects.at(0);
  EXPECT_EQ(object.polling_interval_s, 2);
  EXPECT_EQ(object.cooldown_period_s, 300);
  EXPECT_EQ(object.max_replica_count, 8);
  EXPECT_FALSE(object.fallback);
  EXPECT_EQ(object.scale_target_ref.kind, "Deployment");
  ASSERT_TRUE(object.triggers.at(0).rocketmq);
  EXPECT_THAT(object.triggers[0].rocketmq->name_servers, ElementsAre("a:9876", "b:9876"));
  EXPECT_EQ(object.triggers[0].rocketmq->lag_threshold, 5);
}

TEST(Manifest, GivenEveryOptionOfAScaledObjectWhenParsedThenItArrives) {
  const std::string text = replaced(std::string(kScaledObject), "  pollingInterval: 2\n", R"(  pollingInterval: 3
  cooldownPeriod: 9
  initialCooldownPeriod: 4
  idleReplicaCount: 0
  fallback: {failureThreshold: 3, replicas: 2, behavior: currentReplicasIfHigher}
  advanced:
    restoreToOriginalReplicaCount: true
    scalingModifiers: {}
    horizontalPodAutoscalerConfig:
      name: my-hpa
      behavior:
        scaleUp: {stabilizationWindowSeconds: 1, selectPolicy: Min, tolerance: 50m,
                  policies: [{type: Pods, value: 4, periodSeconds: 15}]}
        scaleDown: {selectPolicy: Disabled, policies: [{type: Percent, value: 10, periodSeconds: 1800}]}
)");
  auto parsed = parse_manifest(replaced(text, "other/thing: x", R"(autoscaling.keda.sh/paused-replicas: "4"
    autoscaling.keda.sh/paused: "yes"
    autoscaling.keda.sh/paused-scale-in: "false"
    gantry/embedded-broker: "true"
    gantry/hpa-sync-period: 1s
    gantry/generator: '{"topic": "orders", "messages": 10, "body_size": 1, "start_after": "1m1.5s", "rate_per_s": 7}')"),
                               "f.yaml");
  ASSERT_TRUE(parsed) << to_error(parsed.error()).message;
  const ScaledObject& object = parsed->scaled_objects.at(0);
  EXPECT_EQ(object.cooldown_period_s, 9);
  EXPECT_EQ(object.initial_cooldown_period_s, 4);
  EXPECT_EQ(object.idle_replica_count, 0);
  EXPECT_EQ(object.fallback->failure_threshold, 3);
  EXPECT_EQ(object.fallback->behavior, Fallback::Behavior::current_replicas_if_higher);
  EXPECT_TRUE(object.restore_to_original_replica_count);
  EXPECT_EQ(object.hpa_name, "my-hpa");
  EXPECT_EQ(object.behavior.scale_up->stabilization_window_s, 1);
  EXPECT_EQ(object.behavior.scale_up->select_policy, HpaScalingRules::SelectPolicy::min);
  EXPECT_DOUBLE_EQ(object.behavior.scale_up->tolerance->value, 0.05);
  EXPECT_EQ(object.behavior.scale_up->policies->at(0).period_s, 15);
  EXPECT_EQ(object.behavior.scale_down->select_policy, HpaScalingRules::SelectPolicy::disabled);
  EXPECT_EQ(object.behavior.scale_down->policies->at(0).type, HpaScalingPolicy::Type::percent);
  EXPECT_EQ(object.keda.paused_replicas, 4);
  EXPECT_TRUE(object.keda.paused);
  EXPECT_FALSE(object.keda.paused_scale_in);
  EXPECT_TRUE(object.gantry.embedded_broker);
  EXPECT_EQ(object.gantry.hpa_sync_period_ms, 1000);
  EXPECT_EQ(object.gantry.generator->messages, 10);
  EXPECT_EQ(object.gantry.generator->start_after_ms, 61'500);
  EXPECT_EQ(object.gantry.generator->rate_per_s, 7);
}

struct BadCase {
  std::string_view from, to, problem;
};

TEST(Manifest, GivenAMalformedDeploymentWhenParsedThenTheProblemNamesLinePathExpectedAndFound) {
  const BadCase cases[] = {
      {"replicas: 2", "replicas: two", "f.yaml:6: spec.replicas: expected an integer of at least 0, got \"two\""},
      {"replicas: 2", "replicas: -1", "f.yaml:6: spec.replicas: expected an integer of at least 0, got -1"},
      {"replicas: 2", "replicas: \"2\"", "f.yaml:6: spec.replicas: expected an integer of at least 0, got \"2\""},
      {"replicas: 2", "replicas: 99999999999999999999",
       "f.yaml:6: spec.replicas: expected an integer of at least 0, got 99999999999999999999"},
      {"replicas: 2", "replica: 2",
       "f.yaml:6: spec.replica: expected a known field, got \"replica\" (did you mean \"replicas\"?)"},
      {"replicas: 2", "zzz: 2", "f.yaml:6: spec.zzz: expected a known field, got \"zzz\""},
      {"name: worker\n", "name: Worker_1\n", "f.yaml:4: metadata.name: expected a DNS name"},
      {"  name: worker\n", "  labels: {}\n", "f.yaml:4: metadata.name: expected a value, got nothing"},
      {"  name: worker\n", "  name: worker\n  annotations: {a: 5}\n",
       "f.yaml:5: metadata.annotations.a: expected a string (in quotes), got 5"},
      {"  name: worker\n", "  name: worker\n  labels: [a]\n",
       "f.yaml:5: metadata.labels: expected a mapping of strings, got a list"},
      {"[sleep, \"5\"]", "[sleep, 5]",
       "f.yaml:16: spec.template.spec.containers[0].command[1]: expected a string (in quotes), got 5"},
      {"[sleep, \"5\"]", "sleep 5",
       "f.yaml:16: spec.template.spec.containers[0].command: expected a list, got \"sleep 5\""},
      {"          command: [sleep, \"5\"]\n", "",
       "f.yaml:14: expected a command in container \"main\", or the annotation gantry/local-command"},
      {"  name: worker\n", "  name: worker\n  annotations: {gantry/local-command: \"a 'b\"}\n",
       "f.yaml:5: metadata.annotations[\"gantry/local-command\"]: expected"},
      {"  name: worker\n", "  name: worker\n  annotations: {gantry/local-command: \"[]\"}\n",
       "f.yaml:5: metadata.annotations[\"gantry/local-command\"]: expected a command line or a JSON list of strings, "
       "got an empty one"},
      {"  name: worker\n", "  name: worker\n  annotations: {gantry/local-comand: a}\n",
       "(did you mean \"gantry/local-command\"?)"},
      {"matchLabels: {app: worker}", "matchLabels: {app: other}",
       "f.yaml:7: spec.selector: expected a selector that matches the labels of the template"},
      {"matchLabels: {app: worker}", "matchExpressions: [{key: app, operator: Is}]",
       "f.yaml:8: spec.selector.matchExpressions[0].operator: expected one of In, NotIn, Exists, DoesNotExist, got "
       "\"Is\""},
      {"matchLabels: {app: worker}", "matchExpressions: [{key: app, operator: Exists, values: [a]}]",
       "spec.selector.matchExpressions[0].values: expected no values"},
      {"          image: busybox\n", "          env: [{name: A, value: 5}]\n",
       "f.yaml:15: spec.template.spec.containers[0].env[0].value: expected a string (in quotes), got 5"},
      {"          image: busybox\n", "          env: [{name: A=B, value: x}]\n",
       "f.yaml:15: spec.template.spec.containers[0].env[0].name: expected a variable name without '='"},
      {"          image: busybox\n", "          env: [{name: A, value: x, valueFrom: {fieldRef: {fieldPath: a}}}]\n",
       "f.yaml:15: spec.template.spec.containers[0].env[0]: expected either value or valueFrom, got both"},
      {"          image: busybox\n", "          env: [{name: A, valueFrom: {}}]\n",
       "expected exactly one source, got 0"},
      {"          image: busybox\n", "          envFrom: [{prefix: A}]\n",
       "expected either configMapRef or secretRef, got neither"},
      {"          image: busybox\n", "          imagePullPolicyy: x\n", "(did you mean \"imagePullPolicy\"?)"},
      {"      containers:\n", "      terminationGracePeriodSeconds: 1.5\n      containers:\n",
       "f.yaml:13: spec.template.spec.terminationGracePeriodSeconds: expected an integer of at least 0, got 1.5"},
      {"        - name: main\n", "        - name: main\n          command: [a]\n        - name: main\n",
       "f.yaml:16: spec.template.spec.containers[1]: expected a name of its own, got \"main\" a second time"},
      {"replicas: 2", "replicas: 2\n  replicas: 3",
       "f.yaml:7: spec.replicas: expected each key once, got it a second time"},
      {"kind: Deployment", "kind: Deploymnt",
       "f.yaml:2: kind: expected a kind that Kubernetes has, got \"Deploymnt\" of \"apps/v1\""},
      {"apiVersion: apps/v1", "apiVersion: apps/v2", "(did you mean apiVersion apps/v1?)"},
      {"kind: Deployment\n", "", "f.yaml:1: kind: expected a value, got nothing"},
      {"kind: Deployment", "kind: 7", "f.yaml:2: kind: expected a string that is not empty (in quotes), got 7"},
      {"apiVersion: apps/v1", "apiVersion: !!binary x", "f.yaml:1: apiVersion: expected a value without a tag"},
      {"replicas: 2", "replicas: [", "f.yaml:8: expected YAML: end of sequence flow not found"},
      {"replicas: 2", "replicas: *nothing", "f.yaml:6: expected YAML: "},
      {"replicas: 2", "replicas: \"\\0\"", "f.yaml:6: spec.replicas: expected text without NUL characters"},
      {"replicas: 2", "? [a]\n  : b", "f.yaml:6: spec: expected a plain key, got a list or mapping as a key"},
  };
  for (const BadCase& c : cases) {
    EXPECT_THAT(problems_of(replaced(std::string(kDeployment), c.from, c.to)), Contains(HasSubstr(c.problem))) << c.to;
  }
}

TEST(Manifest, GivenAMalformedScaledObjectWhenParsedThenTheProblemNamesLinePathExpectedAndFound) {
  const BadCase cases[] = {
      {"lagThreshold: \"5\"", "lagThreshold: \"5x\"",
       "f.yaml:20: spec.triggers[0].metadata.lagThreshold: expected a positive integer, got \"5x\""},
      {"lagThreshold: \"5\"", "lagThreshold: 5",
       "f.yaml:20: spec.triggers[0].metadata.lagThreshold: expected a string (in quotes), got 5"},
      {"lagThreshold: \"5\"", "lagTreshold: \"5\"",
       "f.yaml:20: spec.triggers[0].metadata.lagTreshold: expected a known field, got \"lagTreshold\" (did you mean "
       "\"lagThreshold\"?)"},
      {"        scalerAddress: gantry-scaler.gantry-system:6000\n", "",
       "f.yaml:16: spec.triggers[0].metadata: expected scalerAddress"},
      {"        topic: orders\n", "",
       "f.yaml:16: spec.triggers[0].metadata.topic: expected topic or topics, got neither"},
      {"pollingInterval: 2", "pollingInterval: 0",
       "f.yaml:10: spec.pollingInterval: expected a positive integer, got 0"},
      {"minReplicaCount: 0", "minReplicaCount: 9",
       "f.yaml:11: spec.minReplicaCount: expected at most maxReplicaCount, which is 8, got 9"},
      {"minReplicaCount: 0", "minReplicaCount: 2\n  idleReplicaCount: 2",
       "f.yaml:12: spec.idleReplicaCount: expected less than minReplicaCount, which is 2, got 2"},
      {"minReplicaCount: 0", "idleReplicaCount: 0",
       "f.yaml:11: spec.idleReplicaCount: expected less than minReplicaCount, which is 0, got 0"},
      {"maxReplicaCount: 8", "maxReplicas: 8",
       "f.yaml:12: spec.maxReplicas: expected a known field, got \"maxReplicas\" (did you mean \"maxReplicaCount\"?)"},
      {"maxReplicaCount: 8", "maxReplicaCount: 0",
       "f.yaml:12: spec.maxReplicaCount: expected a positive integer, got 0"},
      {"name: worker", "name: worker\n    kind: StatefulSet",
       "f.yaml:10: spec.scaleTargetRef.kind: expected Deployment, got \"StatefulSet\""},
      {"  pollingInterval: 2", "  fallback: {replicas: 1}",
       "f.yaml:10: spec.fallback.failureThreshold: expected a value, got nothing"},
      {"  pollingInterval: 2", "  fallback: {failureThreshold: 1, replicas: 1, behavior: scalingModifiers}",
       "f.yaml:10: spec.fallback.behavior: expected one of static"},
      {"  pollingInterval: 2", "  advanced: {scalingModifiers: {formula: a}}",
       "f.yaml:10: spec.advanced.scalingModifiers: expected nothing, because scalingModifiers is not supported here"},
      {"  pollingInterval: 2",
       "  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleDown: {stabilizationWindowSeconds: 3601}}}}",
       "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds: expected an integer "
       "from 0 to 3600, got 3601"},
      {"  pollingInterval: 2", "  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleUp: {policies: []}}}}",
       "expected at least one item, got an empty list"},
      {"  pollingInterval: 2", "  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleUp: {tolerance: -1}}}}",
       "expected a quantity of at least 0"},
      {"  pollingInterval: 2",
       "  advanced: {horizontalPodAutoscalerConfig: {name: "
       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaa}}",
       "expected an HPA name of at most 63 characters"},
      {"type: external-push", "type: external-push\n      metricType: Utilization",
       "f.yaml:15: spec.triggers[0].metricType: expected AverageValue or Value, got \"Utilization\""},
      {"type: external-push", "type: cron\n      useCachedMetrics: true",
       "f.yaml:15: spec.triggers[0].useCachedMetrics: expected false for a cron trigger, got true"},
      {"type: external-push", "type: external-push\n      useCachedMetrics: 1", "expected true or false, got 1"},
      {"type: external-push", "type: external-push\n      authenticationRef: {name: a, kind: B}",
       "expected one of TriggerAuthentication, ClusterTriggerAuthentication, got \"B\""},
      {"other/thing: x", "autoscaling.keda.sh/paused-replicas: x",
       "f.yaml:6: metadata.annotations[\"autoscaling.keda.sh/paused-replicas\"]: expected an integer of at least 0, "
       "got \"x\""},
      {"other/thing: x", "gantry/generator: '{\"topic\": \"t\", \"messages\": 0}'",
       "f.yaml:6: metadata.annotations[\"gantry/generator\"].messages: expected an integer from 1 to 100000000, got 0"},
      {"other/thing: x", "gantry/generator: '{\"topic\": \"t\"'",
       "f.yaml:6: metadata.annotations[\"gantry/generator\"]: expected a plain key"},
      {"other/thing: x", "gantry/generator: \"a\\n---\\nb\"", "expected one value, got several documents"},
      {"other/thing: x", "gantry/hpa-sync-period: 5",
       "f.yaml:6: metadata.annotations[\"gantry/hpa-sync-period\"]: expected a string (in quotes), got 5"},
      {"other/thing: x", "gantry/hpa-sync-period: 0s", "expected a duration above 0"},
      {"other/thing: x", "gantry/hpa-sync-period: 5q", "expected a duration such as"},
      {"other/thing: x", "gantry/embedded-broker: \"maybe\"", "expected true or false, got \"maybe\""},
      {"other/thing: x", "gantry/embeded-broker: \"true\"", "(did you mean \"gantry/embedded-broker\"?)"},
  };
  for (const BadCase& c : cases) {
    EXPECT_THAT(problems_of(replaced(std::string(kScaledObject), c.from, c.to)), Contains(HasSubstr(c.problem)))
        << c.to;
  }
}

TEST(Manifest, GivenSeveralFaultsWhenParsedThenAllAreReportedInTheOrderOfTheFile) {
  std::string text = replaced(std::string(kDeployment), "replicas: 2", "replicas: x");
  text = replaced(text, "[sleep, \"5\"]", "[1]") + "---\n" +
         replaced(std::string(kScaledObject), "pollingInterval: 2", "pollingInterval: x");
  const auto problems = problems_of(text);
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_THAT(problems[0], HasSubstr("f.yaml:6: spec.replicas"));
  EXPECT_THAT(problems[1], HasSubstr("f.yaml:16: spec.template.spec.containers[0].command[0]"));
  EXPECT_THAT(problems[2], HasSubstr("f.yaml:27: spec.pollingInterval"));
}

TEST(Manifest, GivenTriggersOfOneNameWhenParsedThenTheSecondIsAProblem) {
  const std::string trigger = "    - {type: cron, name: a, metadata: {}}\n";
  EXPECT_THAT(problems_of(std::string(kScaledObject) + trigger + trigger),
              ElementsAre("f.yaml:22: spec.triggers[2].name: expected a name of its own, got \"a\" a second time"));
}

TEST(Manifest, GivenFallbackWithOnlyResourceTriggersWhenParsedThenItIsAProblem) {
  std::string text = replaced(std::string(kScaledObject), "external-push", "cpu");
  text = replaced(text, "  pollingInterval: 2", "  fallback: {failureThreshold: 1, replicas: 1}");
  EXPECT_THAT(problems_of(text),
              ElementsAre("f.yaml:10: spec.fallback: expected a trigger other than cpu and memory, got none"));
}

TEST(Manifest, GivenKnownKindsThatALaptopCannotUseWhenParsedThenTheyAreListedOnceAsIgnored) {
  auto parsed = parse_manifest(R"(
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Service, metadata: {name: s}, spec: {anything: 1}}
  - {apiVersion: v1, kind: Namespace, metadata: {name: n}}
  - {apiVersion: example.com/v1, kind: Widget}
  - {apiVersion: v1, kind: Service, metadata: {name: s}}
---
---
# nothing
)",
                               "f.yaml");
  ASSERT_TRUE(parsed) << to_error(parsed.error()).message;
  EXPECT_THAT(parsed->ignored, ElementsAre("Namespace n", "Service s", "Widget without a name"));
  EXPECT_THAT(problems_of("apiVersion: v1\nkind: List\n"), ElementsAre("f.yaml:1: expected items, got none"));
  EXPECT_THAT(problems_of("apiVersion: metrics.k8s.io/v1\nkind: X\n"), Contains(HasSubstr("f.yaml:2: kind")));
  EXPECT_THAT(problems_of("- a\n"), ElementsAre("f.yaml:1: expected a Kubernetes object, got a list"));
}

TEST(Manifest, GivenSidecarsWhenParsedThenTheDefaultContainerIsTheOneThatRuns) {
  std::string text = std::string(kDeployment) + "        - name: proxy\n          command: [p]\n";
  auto parsed = parse_manifest(text, "f.yaml");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->deployments[0].pod.main_container().name, "main");
  EXPECT_THAT(parsed->ignored, Contains("Deployment container \"proxy\""));
  text = replaced(text, "      labels: {app: worker}",
                  "      labels: {app: worker}\n      annotations: {kubectl.kubernetes.io/default-container: proxy}");
  EXPECT_EQ(parse_manifest(text, "f.yaml")->deployments[0].pod.main_container().name, "proxy");
}

TEST(Manifest, GivenALocalCommandWhenParsedThenTheContainerNeedsNone) {
  std::string text = replaced(std::string(kDeployment), "          command: [sleep, \"5\"]\n", "");
  const auto with = [&](std::string_view annotation) {
    auto parsed = parse_manifest(
        replaced(text, "  name: worker\n",
                 fmt::format("  name: worker\n  annotations:\n    gantry/local-command: {}\n", annotation)),
        "f.yaml");
    EXPECT_TRUE(parsed) << to_error(parsed.error()).message;
    return parsed ? parsed->deployments[0].pod.local_command.value_or(std::vector<std::string>{})
                  : std::vector<std::string>{};
  };
  EXPECT_THAT(with("java -jar 'my app.jar' \"x y\""), ElementsAre("java", "-jar", "my app.jar", "x y"));
  EXPECT_THAT(with("'[\"a b\", \"c\"]'"), ElementsAre("a b", "c"));
}

TEST(Manifest, GivenSecretsWhenParsedThenTheyAreDecodedAndNeverShown) {
  auto parsed = parse_manifest(R"(
apiVersion: v1
kind: Secret
metadata: {name: s}
type: Opaque
stringData: {b: plain}
data: {a: aGVsbG8=, b: aGVsbG8=, c: ""}
)",
                               "f.yaml");
  ASSERT_TRUE(parsed) << to_error(parsed.error()).message;
  EXPECT_EQ(parsed->secret("default", "s")->data, (StringMap{{"a", "hello"}, {"b", "plain"}, {"c", ""}}));
  const auto problems =
      problems_of("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  a: hunter2\nstringData: {b: 12345}\n");
  EXPECT_THAT(problems, ElementsAre("f.yaml:5: data.a: expected base64 text, got something else",
                                    "f.yaml:6: stringData.b: expected a string (in quotes), got another value"));
}

TEST(Manifest, GivenAliasesAndMergesWhenParsedThenTheyAreExpanded) {
  auto parsed = parse_manifest(R"(
apiVersion: v1
kind: ConfigMap
metadata: &m {name: c, labels: &l {x: "1", y: "2"}}
data:
  <<: [*l, {z: "3"}]
  y: own
)",
                               "f.yaml");
  ASSERT_TRUE(parsed) << to_error(parsed.error()).message;
  EXPECT_EQ(parsed->config_maps[0].data, (StringMap{{"x", "1"}, {"y", "own"}, {"z", "3"}}));
}

TEST(Manifest, GivenHostileTextWhenParsedThenItIsRefusedWithinLimits) {
  EXPECT_THAT(problems_of(std::string((1 << 20) + 1, 'a')), ElementsAre(HasSubstr("expected at most 1048576 bytes")));
  EXPECT_THAT(problems_of(std::string(100'000, '[')), ElementsAre(HasSubstr("is a bracket not closed?")));
  EXPECT_THAT(problems_of([] {
                std::string deep;
                for (int i = 0; i < 500; ++i) deep += std::string(i, ' ') + "a:\n";
                return deep;
              }()),
              ElementsAre(HasSubstr("f.yaml:65: a.a.a")));
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 20; ++i)
    bomb += fmt::format("a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1}]\n", i, i - 1);
  EXPECT_THAT(problems_of(bomb), ElementsAre(HasSubstr("expected at most 200000 values in a file")));
  EXPECT_THAT(problems_of("a: 1\n---\n,\n"), Contains("f.yaml:3: expected YAML: a character that cannot stand here"));
  EXPECT_THAT(problems_of(std::string(80, '[') + std::string(80, ']')),
              ElementsAre(HasSubstr("expected at most 64 levels of nesting")));
  EXPECT_THAT(problems_of("a: &a [*a]\n"), ElementsAre(HasSubstr("one that contains itself")));
  std::string documents;
  for (int i = 0; i < 1001; ++i) documents += "---\na: 1\n";
  EXPECT_THAT(problems_of(documents), Contains(HasSubstr("expected at most 1000 documents")));
  EXPECT_EQ(problems_of(documents).size(), 101u);  // 100 of the objects, and the limit
  std::string wide = "a: &a \"" + std::string(1 << 19, 'x') + "\"\nb: [";
  for (int i = 0; i < 100; ++i) wide += "*a,";
  EXPECT_THAT(problems_of(wide + "]\n"),
              ElementsAre(HasSubstr("expected at most 8388608 bytes after aliases are expanded")));
}

TEST(Manifest, GivenFilesThatBelongTogetherWhenParsedThenReferencesAreChecked) {
  const std::string deployment(kDeployment), object(kScaledObject);
  auto good = parse_manifests({{"a.yaml", deployment}, {"b.yaml", object}});
  EXPECT_TRUE(good) << to_error(good.error()).message;
  const auto problems = [](const std::vector<Source>& sources) {
    auto parsed = parse_manifests(sources);
    return parsed ? std::string() : to_error(parsed.error()).message;
  };
  EXPECT_EQ(problems({{"b.yaml", object}}),
            "b.yaml:1: spec.scaleTargetRef.name: expected a Deployment of namespace default in these files, got "
            "\"worker\", which is none (other kinds are not run on one machine)");
  EXPECT_EQ(problems({{"a.yaml", deployment}, {"b.yaml", deployment}}),
            "b.yaml:1: metadata.name: expected each object once, got \"worker\" again (first at a.yaml:1)");
  EXPECT_EQ(
      problems(
          {{"a.yaml", deployment}, {"b.yaml", object}, {"c.yaml", replaced(object, "name: orders", "name: second")}}),
      "c.yaml:1: spec.scaleTargetRef.name: expected a Deployment of its own, got \"worker\", which ScaledObject "
      "\"orders\" scales");
  const std::string secured =
      replaced(object, "type: external-push", "type: external-push\n      authenticationRef: {name: auth}");
  EXPECT_EQ(problems({{"a.yaml", deployment}, {"b.yaml", secured}}),
            "b.yaml:14: authenticationRef.name: expected a TriggerAuthentication, got \"auth\", which does not exist");
  EXPECT_EQ(problems({{"a.yaml", deployment},
                      {"b.yaml", secured},
                      {"c.yaml",
                       "apiVersion: keda.sh/v1alpha1\nkind: TriggerAuthentication\nmetadata: {name: auth}\nspec: {env: "
                       "[{parameter: p, name: NAME}]}\n"}}),
            "");
  EXPECT_THAT(problems({{"a.yaml", "a"}, {"b.yaml", "b"}}),
              HasSubstr("a.yaml:1: expected a Kubernetes object, got \"a\"\nb.yaml:1: "));
}

TEST(Manifest, GivenTheExampleWhenParsedThenItIsSoundAndRedirectable) {
  std::ifstream file(GANTRY_SOURCE_DIR "/examples/orders.yaml");
  std::ostringstream text;
  text << file.rdbuf();
  auto parsed = parse_manifests({{"orders.yaml", text.str()}});
  ASSERT_TRUE(parsed) << to_error(parsed.error()).message;
  const ScaledObject& object = parsed->scaled_objects.at(0);
  EXPECT_TRUE(object.gantry.embedded_broker);
  ASSERT_TRUE(object.gantry.generator);
  EXPECT_EQ(object.gantry.generator->topic, object.triggers.at(0).rocketmq->topics.at(0));

  redirect_name_servers(*parsed, "127.0.0.1:9876");
  EXPECT_THAT(parsed->scaled_objects[0].triggers[0].rocketmq->name_servers, ElementsAre("127.0.0.1:9876"));
  const Container& container = parsed->deployments.at(0).pod.main_container();
  auto environment = resolve_environment(*parsed, container, {.name = "orders-worker-0", .namespace_ = "default"});
  ASSERT_TRUE(environment) << environment.error().message;
  EXPECT_THAT(resolve_command(container.command, *environment), Contains("127.0.0.1:9876"));
}

}  // namespace
}  // namespace gantry::kube
