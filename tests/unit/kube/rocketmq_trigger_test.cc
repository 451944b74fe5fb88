#include "kube/rocketmq_trigger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Map = std::map<std::string, std::string>;

Map valid() {
  return {{"scalerAddress", "gantry-scaler:6000"}, {"nameServers", "ns:9876"}, {"topic", "t"}, {"consumerGroup", "g"}};
}

TEST(RocketmqTrigger, GivenOnlyWhatIsNeededWhenParsedThenDefaultsApply) {
  auto parsed = parse_rocketmq_trigger(valid());
  ASSERT_TRUE(parsed);
  EXPECT_THAT(parsed->name_servers, ElementsAre("ns:9876"));
  EXPECT_THAT(parsed->topics, ElementsAre("t"));
  EXPECT_EQ(parsed->lag_threshold, 10);
  EXPECT_EQ(parsed->activation_lag_threshold, 0);
  EXPECT_FALSE(parsed->lag_seconds_threshold);
  EXPECT_EQ(parsed->mode, ConsumeMode::automatic);
  EXPECT_TRUE(parsed->include_retry);
  EXPECT_TRUE(parsed->include_in_flight);
  EXPECT_EQ(parsed->offset_reset_policy, OffsetResetPolicy::earliest);
}

TEST(RocketmqTrigger, GivenEveryOptionWhenParsedThenItArrives) {
  auto parsed = parse_rocketmq_trigger({{"nameServers", "a:1; [::1]:2,c.d:65535"},
                                        {"topics", "a, b"},
                                        {"consumerGroup", "g%|_-1"},
                                        {"lagThreshold", "5"},
                                        {"activationLagThreshold", "6"},
                                        {"lagSecondsThreshold", "7"},
                                        {"mode", "pop"},
                                        {"includeRetry", "false"},
                                        {"includeInFlight", "false"},
                                        {"includeDelayed", "true"},
                                        {"offsetResetPolicy", "latest"},
                                        {"allowIdleConsumers", "true"},
                                        {"excludePersistentLag", "true"},
                                        {"scaleToZeroOnInvalidOffset", "true"},
                                        {"namespace", "n"},
                                        {"tls", "enable"},
                                        {"authMode", "acl"},
                                        {"accessKeyFromEnv", "ak"},
                                        {"secretKeyFromEnv", "sk"}});
  ASSERT_TRUE(parsed) << parsed.error()[0].message;
  EXPECT_THAT(parsed->name_servers, ElementsAre("a:1", "[::1]:2", "c.d:65535"));
  EXPECT_THAT(parsed->topics, ElementsAre("a", "b"));
  EXPECT_EQ(parsed->lag_threshold, 5);
  EXPECT_EQ(parsed->activation_lag_threshold, 6);
  EXPECT_EQ(parsed->lag_seconds_threshold, 7);
  EXPECT_EQ(parsed->mode, ConsumeMode::pop);
  EXPECT_FALSE(parsed->include_retry);
  EXPECT_FALSE(parsed->include_in_flight);
  EXPECT_TRUE(parsed->include_delayed);
  EXPECT_EQ(parsed->offset_reset_policy, OffsetResetPolicy::latest);
  EXPECT_TRUE(parsed->allow_idle_consumers && parsed->exclude_persistent_lag &&
              parsed->scale_to_zero_on_invalid_offset);
  EXPECT_TRUE(parsed->tls && parsed->acl);
  EXPECT_EQ(parsed->rocketmq_namespace, "n");
  EXPECT_EQ(parsed->access_key, "ak");
  EXPECT_EQ(parsed->secret_key, "sk");
}

struct Case {
  std::string key, value;  // "" as value with drop: the key is removed
  std::string problem_key, problem;
};

TEST(RocketmqTrigger, GivenABadOptionWhenParsedThenTheProblemNamesItAndWhatIsAllowed) {
  const std::string addresses = "expected addresses host:port, separated by ';', got ";
  const Case cases[] = {
      {"lagThreshold", "5x", "lagThreshold", "expected a positive integer, got \"5x\""},
      {"lagThreshold", "0", "lagThreshold", "expected a positive integer, got \"0\""},
      {"lagThreshold", "-1", "lagThreshold", "expected a positive integer, got \"-1\""},
      {"lagThreshold", "", "lagThreshold", "expected a positive integer, got \"\""},
      {"lagThreshold", "1.5", "lagThreshold", "expected a positive integer, got \"1.5\""},
      {"lagThreshold", "99999999999999999999", "lagThreshold",
       "expected a positive integer, got \"99999999999999999999\""},
      {"activationLagThreshold", "-1", "activationLagThreshold", "expected an integer of at least 0, got \"-1\""},
      {"lagSecondsThreshold", "1s", "lagSecondsThreshold", "expected a positive integer, got \"1s\""},
      {"nameServers", "ns", "nameServers", addresses + "\"ns\""},
      {"nameServers", "", "nameServers", addresses + "\"\""},
      {"nameServers", ":1", "nameServers", addresses + "\":1\""},
      {"nameServers", "a:0", "nameServers", addresses + "\"a:0\""},
      {"nameServers", "a:65536", "nameServers", addresses + "\"a:65536\""},
      {"nameServers", "a:1;;b:1", "nameServers", addresses + "\"a:1;;b:1\""},
      {"nameServers", "a b:1", "nameServers", addresses + "\"a b:1\""},
      {"topic", "a b", "topic",
       "expected a topic name (letters, digits, '-', '_', '%' and '|', at most 127 characters), got \"a b\""},
      {"topics", "a", "topics", "expected either topic or topics, got both"},
      {"topics", "a,,b", "topics",
       "expected topic names (letters, digits, '-', '_', '%' and '|', at most 127 characters), separated by ',', got "
       "\"a,,b\""},
      {"consumerGroup", "", "consumerGroup",
       "expected a consumer group name (letters, digits, '-', '_', '%' and '|', at most 255 characters), got \"\""},
      {"mode", "push", "mode", "expected one of auto, classic, pop, got \"push\""},
      {"includeRetry", "yes", "includeRetry", "expected true or false, got \"yes\""},
      {"includeInFlight", "no", "includeInFlight", "expected true or false, got \"no\""},
      {"offsetResetPolicy", "none", "offsetResetPolicy", "expected one of earliest, latest, got \"none\""},
      {"tls", "true", "tls", "expected one of enable, disable, got \"true\""},
      {"authMode", "sasl", "authMode", "expected one of acl, none, got \"sasl\""},
      {"authMode", "acl", "authMode",
       "expected credentials, or accessKeyFromEnv and secretKeyFromEnv, with acl, got neither"},
      {"namespace", "", "namespace", "expected a value that is not empty, got \"\""},
      {"secretKey", "hunter2", "secretKey", "expected secretKeyFromEnv or credentials, got the credential itself"},
      {"secretKeyFromEnv", "", "secretKeyFromEnv", "expected a value that is not empty, got another value"},
      {"topicFromEnv", "T", "topicFromEnv", "expected either topic or topicFromEnv, got both"},
      {"unheardOf", "1", "unheardOf", "expected a known field, got \"unheardOf\""},
      {"consumergroup", "g", "consumergroup",
       "expected a known field, got \"consumergroup\" (did you mean \"consumerGroup\"?)"},
  };
  for (const Case& c : cases) {
    Map map = valid();
    map[c.key] = c.value;
    auto parsed = parse_rocketmq_trigger(map);
    ASSERT_FALSE(parsed) << c.key << "=" << c.value;
    bool found = false;
    for (const MetadataProblem& p : parsed.error()) {
      found = found || (p.key == c.problem_key && p.message == c.problem);
      EXPECT_THAT(p.message, Not(HasSubstr("hunter2")));
    }
    EXPECT_TRUE(found) << c.key << "=" << c.value << ": " << parsed.error()[0].message;
  }
}

TEST(RocketmqTrigger, GivenNothingWhenParsedThenEverythingNeededIsNamed) {
  auto parsed = parse_rocketmq_trigger({{"allowIdleConsumers", "true"}, {"limitToQueuesWithLag", "true"}});
  ASSERT_FALSE(parsed);
  std::vector<std::string> keys;
  for (const auto& p : parsed.error()) keys.push_back(p.key);
  EXPECT_THAT(keys, ElementsAre("nameServers", "consumerGroup", "topic", "limitToQueuesWithLag"));
}

TEST(RocketmqTrigger, GivenOptionsFromTheEnvironmentWhenResolvedThenTheyCountAsGiven) {
  const Map map = {
      {"nameServersFromEnv", "NS"}, {"topic", "t"}, {"consumerGroupFromEnv", "G"}, {"lagThresholdFromEnv", "NONE"}};
  auto manifest = parse_rocketmq_trigger(map, FromEnv::names);
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->from_env, (Map{{"nameServers", "NS"}, {"consumerGroup", "G"}, {"lagThreshold", "NONE"}}));
  const Map resolved = resolve_from_env(map, {{"NS", "ns:1"}, {"G", "g"}});
  EXPECT_EQ(resolved, (Map{{"nameServersFromEnv", "ns:1"}, {"topic", "t"}, {"consumerGroupFromEnv", "g"}}));
  auto parsed = parse_rocketmq_trigger(resolved);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->consumer_group, "g");
  EXPECT_FALSE(
      parse_rocketmq_trigger({{"nameServersFromEnv", ""}, {"topic", "t"}, {"consumerGroup", "g"}}, FromEnv::names));
}

TEST(RocketmqTrigger, GivenAScalerAddressThenOursIsKnownByItsFirstLabel) {
  for (auto ours :
       {"gantry-scaler:6000", "gantry-scaler.gantry-system:6000", "gantry-scaler.x.svc.cluster.local:1", "gantry:1"}) {
    EXPECT_TRUE(is_our_scaler(ours)) << ours;
  }
  for (auto other : {"", "keda-add-ons-http:1", "my-gantry-scaler:1", "x.gantry-scaler:1"})
    EXPECT_FALSE(is_our_scaler(other)) << other;
}

}  // namespace
}  // namespace gantry::kube
