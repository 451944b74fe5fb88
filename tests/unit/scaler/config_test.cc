#include "scaler/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::scaler {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ScalerSettings, GivenNothingThenDefaultsApply) {
  const auto settings = parse_settings("", "scaler.yaml");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->rocketmq.reading_max_age_ms, 2'000);
  EXPECT_TRUE(settings->grpc_tls.certificate_file.empty());
  EXPECT_FALSE(settings->rocketmq.tls);
}

TEST(ScalerSettings, GivenEverythingThenItArrives) {
  const auto settings = parse_settings(R"(
grpc:
  tls: {certificate: /tls/tls.crt, key: /tls/tls.key, clientCa: /tls/ca.crt}
rocketmq:
  tls: {ca: /mq/ca.crt, verify: false}
  readingMaxAge: 5s
  requestTimeout: 1500ms
  persistentLagAfter: 1m
credentials:
  directory: /etc/gantry/credentials
  clusters:
    orders-cluster: {accessKey: reader, secretKey: hunter2, namespaces: [shop], nameServers: ["ns:9876"]}
exporter: {nameServers: "ns:9876", credentials: orders-cluster, messageSizes: true, clientDetails: false}
metricsApi:
  tls: {certificate: /tls/api.crt, key: /tls/api.key}
  clusters: [{name: main, metadata: {nameServers: "ns:9876"}}]
  watchPods: false
)",
                                       "scaler.yaml");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->grpc_tls.client_ca_file, "/tls/ca.crt");
  ASSERT_TRUE(settings->metrics_api);
  EXPECT_EQ(settings->metrics_api->certificate_file, "/tls/api.crt");
  EXPECT_EQ(settings->metrics_api->clusters.size(), 1u);
  EXPECT_FALSE(settings->metrics_api->watch_pods);
  ASSERT_TRUE(settings->rocketmq.tls);
  EXPECT_FALSE(settings->rocketmq.tls->verify_peer);
  EXPECT_EQ(settings->rocketmq.reading_max_age_ms, 5'000);
  EXPECT_EQ(settings->rocketmq.request_timeout_ms, 1'500);
  EXPECT_EQ(settings->rocketmq.persistent_lag_after_ms, 60'000);
  EXPECT_EQ(settings->credentials_directory, "/etc/gantry/credentials");
  EXPECT_TRUE(settings->credentials.at("orders-cluster").namespaces.contains("shop"));
  EXPECT_TRUE(settings->credentials.at("orders-cluster").name_servers.contains("ns:9876"));
  ASSERT_TRUE(settings->exporter);
  EXPECT_TRUE(settings->exporter->config.message_sizes);
  EXPECT_FALSE(settings->exporter->config.client_details);
  EXPECT_EQ(settings->credentials.at("orders-cluster").keys.secret_key, "hunter2");
}

TEST(ScalerSettings, GivenAMistakeThenTheErrorNamesFileLineAndFieldAndShowsNoSecret) {
  const struct {
    const char* yaml;
    const char* error;
  } rows[] = {
      {"grpc: {tls: {certificate: a}}", "scaler.yaml:1: grpc.tls.key: expected a value, got nothing"},
      {"grpcs: {}", "did you mean \"grpc\"?"},
      {"rocketmq: {readingMaxAge: 5}", "rocketmq.readingMaxAge: expected a duration"},
      {"rocketmq: {readingMaxAge: 1ms}", "expected a duration of at least 100ms"},
      {"credentials:\n  clusters:\n    a: {accessKey: k, secretkey: hunter2}",
       "credentials.clusters.a.secretkey: expected a known field"},
      {"credentials: {clusters: {a: {accessKey: k, secretKey: hunter2, namespaces: hunter2}}}",
       "credentials.clusters.a.namespaces: expected a list"},
      {"credentials: {clusters: {a: hunter2}}", "credentials.clusters.a: expected a mapping"},
      {"- 1", "expected a mapping"},
      {"a: [", "scaler.yaml:1"},
      {"grpc: {}\n---\ngrpc: {}", "expected one document"},
  };
  for (const auto& row : rows) {
    const auto settings = parse_settings(row.yaml, "scaler.yaml");
    ASSERT_FALSE(settings) << row.yaml;
    EXPECT_THAT(settings.error().message, HasSubstr(row.error));
    EXPECT_THAT(settings.error().message, Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace gantry::scaler
