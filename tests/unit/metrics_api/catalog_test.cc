#include "metrics_api/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics_api/settings.h"

namespace gantry::metrics_api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kConfig = R"(
tls: {certificate: tls.crt, key: tls.key}
requestHeader: {clientCa: ca.crt, allowedNames: [front-proxy-client]}
defaultCluster: shop
clusters:
- name: shop
  metadata: {nameServers: "ns:9876", mode: classic}
- name: private
  metadata: {nameServers: "other:9876"}
  namespaces: [payments]
metrics:
- name: orders_lag
  cluster: shop
  metadata: {topic: orders, consumerGroup: billing}
- name: orders_lag
  cluster: shop
  metadata: {topic: orders, consumerGroup: shipping, lagThreshold: "50"}
- name: oldest-payment
  unit: seconds
  namespaces: [payments]
  objects: [services/payments, deployments.apps/payments]
  metadata: {nameServers: "other:9876", topics: "a,b", consumerGroup: ledger}
)";

Catalog catalog() {
  auto config = read_config(kConfig, "f.yaml");
  EXPECT_TRUE(config) << config.error().message;
  auto made = Catalog::make(*config);
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

TEST(Catalog, GivenNamesAndSelectorsWhenFoundThenTheTriggersAreThoseMeant) {
  struct Case {
    const char *namespace_, *metric, *selector, *object;
    std::vector<std::string> expected;  // topic/group@first name server
    Unit unit = Unit::messages;
  };
  const Case cases[] = {
      {"shop", "orders_lag", "consumerGroup=billing", "", {"orders/billing@ns:9876"}},
      {"shop", "orders_lag", "consumerGroup in (billing)", "services/x", {"orders/billing@ns:9876"}},
      {"shop", "orders_lag", "consumerGroup!=billing", "", {"orders/shipping@ns:9876"}},
      {"shop", "orders_lag", "", "", {"orders/billing@ns:9876", "orders/shipping@ns:9876"}},
      {"payments", "oldest-payment", "", "services/payments", {"a/ledger@other:9876"}, Unit::seconds},
      {"shop", "rocketmq-lag", "topic=t,consumerGroup=g", "", {"t/g@ns:9876"}},
      {"shop", "rocketmq-lag-seconds", "consumerGroup=g,topic=t", "pods/x", {"t/g@ns:9876"}, Unit::seconds},
      {"payments", "rocketmq-lag", "topic=t,consumerGroup=g,cluster=private", "", {"t/g@other:9876"}},
  };
  const Catalog found = catalog();
  for (const Case& c : cases) {
    auto queries = found.find(c.namespace_, c.metric, c.selector, c.object);
    ASSERT_TRUE(queries) << c.metric << " " << c.selector << ": " << queries.error().message;
    std::vector<std::string> got;
    for (const Query& query : *queries) {
      got.push_back(query.trigger.topics.front() + "/" + query.trigger.consumer_group + "@" +
                    query.trigger.name_servers.front());
      EXPECT_EQ(query.unit, c.unit);
      EXPECT_EQ(query.trigger.lag_seconds_threshold.has_value(), c.unit == Unit::seconds);
    }
    EXPECT_EQ(got, c.expected) << c.metric << " " << c.selector;
  }
}

TEST(Catalog, GivenWhatIsNotServedWhenFoundThenTheErrorSaysWhatIs) {
  struct Case {
    const char *namespace_, *metric, *selector, *object;
    Errc code;
    const char* words;
  };
  const Case cases[] = {
      {"shop", "nothing", "", "", Errc::not_found, "there is no metric nothing for namespace shop"},
      {"shop", "oldest-payment", "", "", Errc::not_found, "there is no metric oldest-payment for namespace shop"},
      {"payments", "oldest-payment", "", "services/other", Errc::not_found, "and object services/other"},
      {"shop", "orders_lag", "consumerGroup=nobody", "", Errc::not_found, "has the labels"},
      {"shop", "orders_lag", "a=b=c,", "", Errc::invalid_argument, "selector"},
      {"shop", "rocketmq-lag", "topic=t", "", Errc::invalid_argument, "expected consumerGroup=VALUE, got nothing"},
      {"shop", "rocketmq-lag", "", "", Errc::invalid_argument, "expected topic=VALUE, got nothing"},
      {"shop", "rocketmq-lag", "topic=t,topic=u,consumerGroup=g", "", Errc::invalid_argument, "topic once"},
      {"shop", "rocketmq-lag", "topic in (a,b),consumerGroup=g", "", Errc::invalid_argument, "one topic and group"},
      {"shop", "rocketmq-lag", "topic,consumerGroup=g", "", Errc::invalid_argument, "expected topic=VALUE"},
      {"shop", "rocketmq-lag", "topic=t,consumerGroup=g,nameServers=evil", "", Errc::invalid_argument,
       "topic, consumerGroup and cluster only"},
      {"shop", "rocketmq-lag", "topic=a.b,consumerGroup=g", "", Errc::invalid_argument, "topic: expected a topic name"},
      {"shop", "rocketmq-lag", "topic=t,consumerGroup=g,cluster=private", "", Errc::not_found,
       "there is no cluster private for namespace shop"},
      {"shop", "rocketmq-lag", "topic=t,consumerGroup=g,cluster=none", "", Errc::not_found, "no cluster none"},
  };
  const Catalog found = catalog();
  for (const Case& c : cases) {
    auto queries = found.find(c.namespace_, c.metric, c.selector, c.object);
    ASSERT_FALSE(queries) << c.metric << " " << c.selector;
    EXPECT_EQ(queries.error().code, c.code) << queries.error().message;
    EXPECT_THAT(queries.error().message, HasSubstr(c.words));
  }
}

TEST(Catalog, GivenNoLagThresholdWhenFoundThenNothingCapsTheValue) {
  const Catalog found = catalog();
  EXPECT_TRUE(found.find("shop", "rocketmq-lag", "topic=t,consumerGroup=g")->front().trigger.allow_idle_consumers);
  EXPECT_TRUE(found.find("shop", "orders_lag", "consumerGroup=billing")->front().trigger.allow_idle_consumers);
  EXPECT_FALSE(found.find("shop", "orders_lag", "consumerGroup=shipping")->front().trigger.allow_idle_consumers);
}

TEST(Catalog, GivenMetricsAndClustersWhenListedThenEachNameIsThereOnce) {
  EXPECT_THAT(catalog().names(), ElementsAre("oldest-payment", "orders_lag", "rocketmq-lag", "rocketmq-lag-seconds"));
}

TEST(Catalog, GivenMetricsThatNothingTellsApartWhenMadeThenThatIsAnError) {
  Config config;
  config.metrics.push_back({.name = "m"});
  config.metrics.push_back({.name = "m"});
  EXPECT_THAT(Catalog::make(config).error().message, HasSubstr("metric m"));
  config.metrics = {{.name = "rocketmq-lag"}};
  EXPECT_FALSE(Catalog::make(config));
  config.metrics.clear();
  config.default_cluster = "none";
  EXPECT_FALSE(Catalog::make(config));
}

TEST(MetricsSettings, GivenWrongSettingsWhenReadThenEachIsNamedWithItsLine) {
  struct Case {
    const char *text, *words;
  };
  const std::string head = "\ntls: {certificate: a, key: b}\n";
  const Case cases[] = {
      {"metrics: [{name: a/b, metadata: {}}]", "f.yaml:3: metrics[0].name: expected a metric's name"},
      {"metrics: [{name: a, metadata: {topic: t}}]", "metrics[0].metadata.nameServers: expected a value"},
      {"metrics: [{name: a, cluster: x, metadata: {}}]",
       "metrics[0].cluster: expected the name of one of the clusters"},
      {"metrics: [{name: a, unit: bytes, metadata: {}}]", "metrics[0].unit: expected one of messages, seconds"},
      {"metrics: [{name: a, metadata: {nameServers: \"h:1\", topic: t, consumerGroup: g, lagThreshold: 5x}}]",
       "metrics[0].metadata.lagThreshold: expected a positive integer, got \"5x\""},
      {"metrics: [{name: a, kind: x, metadata: {}}]", "kind"},
      {"requestHeader: {}", "requestHeader.clientCa: expected a value"},
      {"clusters: [{name: a}]", "clusters[0].metadata: expected a value"},
      {"clusters: [{name: a, metadata: {nameServer: h}}]", "clusters[0].metadata.nameServer: "},
      {"clusters: [{name: a, metadata: {nameServers: \"h:1\", topic: t}}]",
       "clusters[0].metadata.topic: expected it in"},
      {"podSelector: \"a==b==\"", "podSelector: expected a label selector"},
      {"metric: []", "metric"},
      {"metrics: 5", "metrics: expected a list"},
      {"metrics: [5]", "metrics[0]: expected a mapping"},
  };
  for (const Case& c : cases) {
    auto config = read_config(head + c.text, "f.yaml");
    ASSERT_FALSE(config) << c.text;
    EXPECT_THAT(config.error().message, HasSubstr(c.words)) << c.text;
  }
  EXPECT_THAT(read_config("metrics: []", "f.yaml").error().message, HasSubstr("tls: expected a value"));
  EXPECT_FALSE(read_config("", "f.yaml"));
  EXPECT_FALSE(read_config("[", "f.yaml"));
}

}  // namespace
}  // namespace gantry::metrics_api
