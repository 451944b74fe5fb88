// What KEDA may hand to the scaler as a trigger's metadata, good and bad, and what the answer says: a row each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scaler/handlers/handlers.h"

namespace gantry::scaler {
namespace {

using testing::HasSubstr;
using testing::Not;
using Map = std::map<std::string, std::string>;

constexpr const char* kGone = "\x01";  // the option is left out

std::string many(const std::string& one, int count) {
  std::string list = one;
  for (int i = 1; i < count; ++i) list += "," + one;
  return list;
}

struct Row {
  const char* name;
  Map options;        // over a trigger that is fine
  const char* error;  // empty: accepted; else a part of the message
};

const Row kRows[] = {
    {"properly formed", {}, ""},
    {"several topics", {{"topic", kGone}, {"topics", "a,b"}}, ""},
    {"several name servers", {{"nameServers", "ns-0.ns:9876;ns-1.ns:9876"}}, ""},
    {"name servers by comma", {{"nameServers", "a:1,b:2"}}, ""},
    {"an address of IPv6", {{"nameServers", "[fd00::1]:9876"}}, ""},
    {"lag threshold", {{"lagThreshold", "50"}}, ""},
    {"a large threshold", {{"lagThreshold", "9223372036854775807"}}, ""},
    {"activation threshold", {{"activationLagThreshold", "5"}}, ""},
    {"activation at once", {{"activationLagThreshold", "0"}}, ""},
    {"seconds", {{"lagSecondsThreshold", "30"}}, ""},
    {"mode classic", {{"mode", "classic"}}, ""},
    {"mode pop", {{"mode", "pop"}}, ""},
    {"mode auto", {{"mode", "auto"}}, ""},
    {"without retries", {{"includeRetry", "false"}}, ""},
    {"without what is in flight", {{"includeInFlight", "false"}}, ""},
    {"from the end", {{"offsetResetPolicy", "latest"}}, ""},
    {"from the beginning", {{"offsetResetPolicy", "earliest"}}, ""},
    {"idle consumers", {{"allowIdleConsumers", "true"}}, ""},
    {"only queues with lag", {{"limitToQueuesWithLag", "true"}}, ""},
    {"persistent lag", {{"excludePersistentLag", "true"}}, ""},
    {"invalid offsets", {{"scaleToZeroOnInvalidOffset", "true"}}, ""},
    {"even distribution", {{"ensureEvenDistributionOfQueues", "true"}}, ""},
    {"a namespace", {{"namespace", "MQ_INST_1"}}, ""},
    {"tls", {{"tls", "enable"}}, ""},
    {"no tls", {{"tls", "disable"}}, ""},
    {"no ACL", {{"authMode", "none"}}, ""},
    {"ACL by name", {{"authMode", "acl"}, {"credentials", "orders-cluster"}}, ""},
    {"ACL from the environment", {{"authMode", "acl"}, {"accessKeyFromEnv", "a"}, {"secretKeyFromEnv", "s"}}, ""},
    {"keys without authMode", {{"accessKeyFromEnv", "a"}, {"secretKeyFromEnv", "s"}}, ""},
    {"group from the environment", {{"consumerGroup", kGone}, {"consumerGroupFromEnv", "g"}}, ""},
    {"options of the channel", {{"enableTLS", "true"}, {"unsafeSsl", "false"}, {"tlsCertFile", "x"}}, ""},
    {"a retry-like name", {{"topic", "%RETRY%g"}}, ""},

    {"no host", {{"nameServers", kGone}}, "nameServers: expected a value, got nothing"},
    {"an empty host", {{"nameServers", ""}}, "nameServers: expected addresses host:port"},
    {"a host without port", {{"nameServers", "ns"}}, "nameServers: expected addresses host:port"},
    {"port 0", {{"nameServers", "ns:0"}}, "got \"ns:0\""},
    {"port too large", {{"nameServers", "ns:65536"}}, "got \"ns:65536\""},
    {"port no number", {{"nameServers", "ns:rmq"}}, "got \"ns:rmq\""},
    {"a URL", {{"nameServers", "http://ns:9876"}}, "got \"http://ns:9876\""},
    {"an empty one between", {{"nameServers", "a:1;;b:2"}}, "got \"a:1;;b:2\""},
    {"no topic", {{"topic", kGone}}, "topic: expected topic or topics, got neither"},
    {"topic and topics", {{"topics", "a"}}, "topics: expected either topic or topics, got both"},
    {"a topic with a blank", {{"topic", "a b"}}, "topic: expected a topic name"},
    {"an empty topic in the list", {{"topic", kGone}, {"topics", "a,,b"}}, "topics: expected topic names"},
    {"no group", {{"consumerGroup", kGone}}, "consumerGroup: expected a value, got nothing"},
    {"an empty group", {{"consumerGroup", ""}}, "consumerGroup: expected a consumer group name"},
    {"a group with a slash", {{"consumerGroup", "a/b"}}, "got \"a/b\""},
    {"malformed lag length", {{"lagThreshold", "5x"}}, "lagThreshold: expected a positive integer, got \"5x\""},
    {"no lag", {{"lagThreshold", "0"}}, "lagThreshold: expected a positive integer, got \"0\""},
    {"negative lag", {{"lagThreshold", "-5"}}, "got \"-5\""},
    {"lag with a point", {{"lagThreshold", "1.5"}}, "got \"1.5\""},
    {"lag that does not fit", {{"lagThreshold", "9223372036854775808"}}, "got \"9223372036854775808\""},
    {"an empty lag", {{"lagThreshold", ""}}, "got \"\""},
    {"negative activation", {{"activationLagThreshold", "-1"}}, "expected an integer of at least 0, got \"-1\""},
    {"activation no number", {{"activationLagThreshold", "many"}}, "got \"many\""},
    {"seconds with a unit", {{"lagSecondsThreshold", "30s"}}, "got \"30s\""},
    {"no seconds", {{"lagSecondsThreshold", "0"}}, "lagSecondsThreshold: expected a positive integer"},
    {"another mode", {{"mode", "push"}}, "mode: expected one of auto, classic, pop, got \"push\""},
    {"Mode", {{"mode", "POP"}}, "got \"POP\""},
    {"yes", {{"includeRetry", "yes"}}, "includeRetry: expected true or false, got \"yes\""},
    {"delayed", {{"includeDelayed", "true"}}, ""},
    {"delayed 1", {{"includeDelayed", "1"}}, "includeDelayed: expected true or false, got \"1\""},
    {"another policy", {{"offsetResetPolicy", "none"}}, "expected one of earliest, latest, got \"none\""},
    {"True", {{"allowIdleConsumers", "True"}}, "got \"True\""},
    {"two limits",
     {{"allowIdleConsumers", "true"}, {"limitToQueuesWithLag", "true"}},
     "limitToQueuesWithLag: expected it without"},
    {"even over two topics",
     {{"topic", kGone}, {"topics", "a,b"}, {"ensureEvenDistributionOfQueues", "true"}},
     "ensureEvenDistributionOfQueues: expected it with one topic, got 2"},
    {"even for pop", {{"mode", "pop"}, {"ensureEvenDistributionOfQueues", "true"}}, "expected mode classic or auto"},
    {"queues with lag for pop",
     {{"mode", "pop"}, {"limitToQueuesWithLag", "true"}},
     "limitToQueuesWithLag: expected mode"},
    {"an empty namespace", {{"namespace", ""}}, "namespace: expected a value that is not empty"},
    {"tls true", {{"tls", "true"}}, "tls: expected one of enable, disable, got \"true\""},
    {"sasl", {{"authMode", "sasl"}}, "authMode: expected one of acl, none, got \"sasl\""},
    {"ACL without keys",
     {{"authMode", "acl"}},
     "authMode: expected credentials, or accessKeyFromEnv and secretKeyFromEnv"},
    {"a secret in the open",
     {{"accessKeyFromEnv", "a"}, {"secretKey", "hunter2"}},
     "secretKey: expected secretKeyFromEnv or credentials"},
    {"a key in the open", {{"accessKey", "hunter2"}}, "accessKey: expected accessKeyFromEnv or credentials"},
    {"a secret that did not resolve",
     {{"authMode", "acl"}, {"accessKeyFromEnv", "hunter2"}},
     "secretKeyFromEnv: expected a value beside"},
    {"keys and a name",
     {{"credentials", "c"}, {"accessKeyFromEnv", "hunter2"}, {"secretKeyFromEnv", "hunter2"}},
     "credentials: expected either"},
    {"both forms",
     {{"consumerGroupFromEnv", "g"}},
     "consumerGroupFromEnv: expected either consumerGroup or consumerGroupFromEnv"},
    {"a hundred topics", {{"topic", kGone}, {"topics", many("t", 65)}}, "topics: expected at most 64 topics"},
    {"a value without end",
     {{"namespace", std::string(5'000, 'n')}},
     "namespace: expected at most 4096 bytes, got 5000"},
    {"a name server for everybody",
     {{"nameServers", many("ns:9876", 17)}},
     "nameServers: expected at most 16 addresses"},
    {"a misspelt option", {{"lagTreshold", "5"}}, "did you mean \"lagThreshold\"?"},
    {"another scaler's option", {{"bootstrapServers", "k:9092"}}, "bootstrapServers: expected a known field"},
};

class TriggerMetadata : public testing::TestWithParam<Row> {};

TEST_P(TriggerMetadata, GivenARowThenItIsTakenOrTheAnswerSaysWhatIsWrong) {
  static_assert(std::size(kRows) >= 60);
  ScaledObjectRef ref;
  ref.name = "orders";
  ref.namespace_ = "shop";
  ref.metadata = {{"scalerAddress", "gantry-scaler:6000"},
                  {"nameServers", "ns:9876"},
                  {"topic", "orders"},
                  {"consumerGroup", "workers"},
                  {"lagThreshold", "10"}};
  for (const auto& [key, value] : GetParam().options) {
    if (value == kGone) {
      ref.metadata.erase(key);
    } else {
      ref.metadata[key] = value;
    }
  }
  Questions questions{nullptr, std::make_shared<ScaledObjects>()};
  const auto specs = get_metric_spec(questions, ref);
  const std::string expected = GetParam().error;
  if (expected.empty()) {
    ASSERT_TRUE(specs) << specs.error().message;
    EXPECT_EQ(specs->size(), GetParam().options.contains("lagSecondsThreshold") ? 2u : 1u);
    EXPECT_TRUE(questions.objects->records().empty());
    return;
  }
  ASSERT_FALSE(specs);
  EXPECT_EQ(specs.error().code, Errc::invalid_argument);
  EXPECT_THAT(specs.error().message, HasSubstr("trigger metadata of shop/orders: "));
  EXPECT_THAT(specs.error().message, HasSubstr(expected));
  EXPECT_THAT(specs.error().message, Not(HasSubstr("hunter2")));
  // the page shows it too
  ASSERT_EQ(questions.objects->records().size(), 1u);
  EXPECT_THAT(questions.objects->records().begin()->second.last_error, HasSubstr(expected));
}

INSTANTIATE_TEST_SUITE_P(Table, TriggerMetadata, testing::ValuesIn(kRows), [](const auto& row) {
  std::string name = row.param.name;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
});

}  // namespace
}  // namespace gantry::scaler
