// The server over HTTPS, as the aggregation layer and the HPA ask it.
#include "metrics_api/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <sstream>

#include "http/client.h"
#include "metrics_api/front_proxy.h"
#include "metrics_api/request.h"
#include "unit/drive.h"
#include "unit/kube_api/fake_api_server.h"
#include "unit/net/certificates.h"

namespace gantry::metrics_api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using testing::HasSubstr;

constexpr std::string_view kExternal = "/apis/external.metrics.k8s.io/v1beta1";
constexpr std::string_view kCustom = "/apis/custom.metrics.k8s.io/v1beta2";

class MetricsServer : public testing::Test {
 protected:
  void start(std::shared_ptr<kube_api::Client> cluster = {}) {
    Config config;
    config.host = "127.0.0.1";
    config.port = 0;
    const net::TlsFiles own = servers.issue("localhost");
    config.certificate_file = own.certificate_file;
    config.key_file = own.key_file;
    if (!cluster) {
      config.request_header.client_ca_file = proxies.certificate_file();
      config.request_header.allowed_names = {"front-proxy-client"};
    }
    config.clusters = {{.name = "shop", .metadata = {{"nameServers", "ns:9876"}}, .namespaces = {}}};
    Readers readers;
    readers.read_trigger =
        [this](kube::RocketmqTriggerMetadata trigger) -> asio::awaitable<Result<scaling::TriggerReading>> {
      asked.push_back(trigger.topics.front() + "/" + trigger.consumer_group);
      if (failed) co_return std::unexpected(*failed);
      scaling::TriggerReading reading;
      reading.metrics.push_back({"lag", value, {}, {}});
      if (trigger.lag_seconds_threshold) reading.metrics.push_back({"lag_seconds", 12.5, {}, {}});
      co_return reading;
    };
    readers.read_held = [this](kube::RocketmqTriggerMetadata) -> asio::awaitable<Result<lag::HeldLag>> {
      if (failed) co_return std::unexpected(*failed);
      co_return held;
    };
    auto started = Server::start(io, config, readers, cluster);
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }

  // By the front proxy, for the HPA controller, unless told otherwise.
  http::GetResult ask(std::string path) { return ask(std::move(path), proxies.issue("front-proxy-client"), "hpa"); }
  http::GetResult ask(std::string path, net::TlsFiles files, const std::string& user) {
    files.ca_file = servers.certificate_file();
    http::GetOptions options;
    options.tls = *net::TlsContext::client(files);
    if (!user.empty()) options.headers["X-Remote-User"] = user;
    auto result = test::await(io, http::get(fmt::format("https://localhost:{}{}", server->port(), path), options));
    EXPECT_TRUE(result) << result.error().message;
    return result ? *result : http::GetResult{};
  }

  void expect_status(const http::GetResult& result, int code, const std::string& reason, const std::string& words) {
    EXPECT_EQ(result.status, code) << result.body;
    const json::value body = json::parse(result.body);
    EXPECT_EQ(body.at("kind").as_string(), "Status");
    EXPECT_EQ(body.at("apiVersion").as_string(), "v1");
    EXPECT_EQ(body.at("status").as_string(), "Failure");
    EXPECT_EQ(body.at("code").as_int64(), code);
    EXPECT_EQ(std::string(body.at("reason").as_string()), reason);
    EXPECT_THAT(std::string(body.at("message").as_string()), HasSubstr(words));
  }

  ~MetricsServer() override {
    server.reset();
    io.restart();
    while (io.poll() > 0) {
    }
  }

  asio::io_context io{1};
  net::TestAuthority servers{"servers"}, proxies{"proxies"}, strangers{"strangers"};
  std::expected<double, std::string> value = 72.0;
  std::optional<Error> failed;
  lag::HeldLag held;
  std::vector<std::string> asked;
  std::unique_ptr<Server> server;
};

TEST_F(MetricsServer, GivenALagWhenAskedAsAnExternalMetricThenItIsAListOfOneQuantity) {
  start();
  auto answer = ask(std::string(kExternal) +
                    "/namespaces/default/rocketmq-lag?labelSelector=consumerGroup%3Dbilling%2Ctopic%3Dorders");
  ASSERT_EQ(answer.status, 200) << answer.body;
  json::value body = json::parse(answer.body);
  EXPECT_EQ(body.at("kind").as_string(), "ExternalMetricValueList");
  EXPECT_EQ(body.at("apiVersion").as_string(), "external.metrics.k8s.io/v1beta1");
  ASSERT_EQ(body.at("items").as_array().size(), 1u);
  json::object item = body.at("items").as_array()[0].as_object();
  EXPECT_EQ(item.at("value").as_string(), "72");
  EXPECT_EQ(item.at("metricName").as_string(), "rocketmq-lag");
  EXPECT_EQ(json::serialize(item.at("metricLabels")),
            R"({"cluster":"shop","consumerGroup":"billing","topic":"orders"})");
  EXPECT_EQ(item.at("timestamp").as_string().size(), std::string("2026-01-01T00:00:00Z").size());
  EXPECT_THAT(asked, testing::ElementsAre("orders/billing"));

  answer = ask(std::string(kExternal) +
               "/namespaces/default/rocketmq-lag-seconds?labelSelector=consumerGroup%3Dbilling%2Ctopic%3Dorders");
  EXPECT_THAT(answer.body, HasSubstr(R"("value":"12500m")"));
}

TEST_F(MetricsServer, GivenALagWhenAskedOfAnObjectThenThatObjectIsDescribed) {
  start();
  const std::string selector = "?metricLabelSelector=topic%3Dorders%2CconsumerGroup%3Dbilling";
  const std::pair<std::string, std::string> cases[] = {
      {"/namespaces/shop/services/broker/rocketmq-lag",
       R"({"kind":"Service","name":"broker","apiVersion":"v1","namespace":"shop"})"},
      {"/namespaces/shop/deployments.apps/web/rocketmq-lag",
       R"({"kind":"Deployment","name":"web","apiVersion":"apps/v1","namespace":"shop"})"},
      {"/namespaces/shop/metrics/rocketmq-lag", R"({"kind":"Namespace","name":"shop","apiVersion":"v1"})"},
  };
  for (const auto& [path, object] : cases) {
    const auto answer = ask(std::string(kCustom) + path + selector);
    ASSERT_EQ(answer.status, 200) << answer.body;
    const json::value body = json::parse(answer.body);
    EXPECT_EQ(body.at("kind").as_string(), "MetricValueList");
    EXPECT_EQ(body.at("apiVersion").as_string(), "custom.metrics.k8s.io/v1beta2");
    ASSERT_EQ(body.at("items").as_array().size(), 1u);
    const json::object& item = body.at("items").as_array()[0].as_object();
    EXPECT_EQ(json::serialize(item.at("describedObject")), object);
    EXPECT_EQ(item.at("metric").at("name").as_string(), "rocketmq-lag");
    EXPECT_EQ(item.at("value").as_string(), "72");
  }
}

TEST_F(MetricsServer, GivenALagThatCannotBeReadWhenAskedThenTheAnswerIsAnErrorAndNoNumber) {
  start();
  const std::string path =
      std::string(kExternal) + "/namespaces/d/rocketmq-lag?labelSelector=topic%3Dt%2CconsumerGroup%3Dg";
  value = std::unexpected("broker-a: no answer in time");
  expect_status(ask(path), 503, "ServiceUnavailable", "metric rocketmq-lag: broker-a: no answer in time");
  value = -1.0;
  expect_status(ask(path), 503, "ServiceUnavailable", "no number");
  // what a broker refuses us is no fault of who asked
  failed = Error{Errc::permission_denied, "the broker wants credentials"};
  expect_status(ask(path), 503, "ServiceUnavailable", "the broker wants credentials");
}

TEST_F(MetricsServer, GivenWhoIsNotTheFrontProxyWhenAskingThenNothingIsToldAndNothingIsRead) {
  start();
  const std::string path =
      std::string(kExternal) + "/namespaces/d/rocketmq-lag?labelSelector=topic%3Dt%2CconsumerGroup%3Dg";
  expect_status(ask(path, {}, "admin"), 401, "Unauthorized", "got none");
  expect_status(ask(path, strangers.issue("front-proxy-client"), "admin"), 401, "Unauthorized", "does not verify");
  expect_status(ask(path, proxies.issue("kubelet"), "admin"), 403, "Forbidden", "kubelet");
  expect_status(ask(path, proxies.issue("front-proxy-client"), ""), 401, "Unauthorized", "name of a user");
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(ask("/healthz", {}, "").body, "ok");  // for probes, which have no certificate
}

TEST_F(MetricsServer, GivenDiscoveryWhenAskedThenGroupsAndResourcesAreListed) {
  start();
  EXPECT_THAT(ask("/apis").body, HasSubstr(R"("kind":"APIGroupList")"));
  EXPECT_THAT(ask("/apis/custom.metrics.k8s.io").body, HasSubstr(R"("groupVersion":"custom.metrics.k8s.io/v1beta2")"));
  const json::value external = json::parse(ask(std::string(kExternal)).body);
  EXPECT_EQ(external.at("kind").as_string(), "APIResourceList");
  EXPECT_EQ(external.at("groupVersion").as_string(), "external.metrics.k8s.io/v1beta1");
  EXPECT_EQ(external.at("resources").as_array().size(), 2u);
  EXPECT_THAT(ask(std::string(kCustom)).body, HasSubstr(R"("name":"services/rocketmq-lag")"));
  for (const char* path : {"/openapi/v2", "/openapi/v3", "/", "/apis/apps", "/apis/custom.metrics.k8s.io/v1beta1"}) {
    expect_status(ask(path), 404, "NotFound", "nothing is served");
  }
}

// The API server has two pods, of which consumers connect, and says who the front proxy is.
class MetricsServerWithApiServer : public MetricsServer {
 protected:
  void SetUp() override {
    api_server.on_request = [this](kube_api::FakeApiServer::ConnectionPtr connection) {
      if (connection->target.find("watch=1") != std::string::npos) {
        connection->begin_stream();
        open.push_back(connection);
      } else if (connection->target.find("/pods?") != std::string::npos) {
        connection->answer(200, R"({"metadata":{"resourceVersion":"7"},"items":[)" + pod("a", "10.0.0.1") + "," +
                                    pod("b", "10.0.0.2") + "," + pod("c", "10.0.0.3") + "]}");
      } else {
        connection->answer(200,
                           json::serialize(json::value{{"metadata", {{"resourceVersion", "3"}}}, {"items", maps}}));
      }
    };
    kube_api::Access access;
    access.server = api_server.url();
    cluster = std::make_shared<kube_api::Client>(io, access);
  }
  static std::string pod(const std::string& name, const std::string& ip) {
    return R"({"metadata":{"namespace":"shop","name":")" + name + R"(","labels":{"app":"orders"}},)" +
           R"("status":{"phase":"Running","podIP":")" + ip + R"("}})";
  }
  void say_front_proxy() {
    std::ostringstream pem;
    pem << std::ifstream(proxies.certificate_file()).rdbuf();
    maps.push_back(json::object{
        {"metadata", {{"resourceVersion", "2"}}},
        {"data",
         {{"requestheader-client-ca-file", pem.str()}, {"requestheader-allowed-names", R"(["front-proxy-client"])"}}}});
  }
  bool ready() {
    return test::run_until(io, [&] { return open.size() == 2; });
  }

  kube_api::FakeApiServer api_server{io};
  std::shared_ptr<kube_api::Client> cluster;
  json::array maps;
  std::vector<kube_api::FakeApiServer::ConnectionPtr> open;  // watches
};

TEST_F(MetricsServerWithApiServer, GivenConsumersInPodsWhenAskedForPodsThenThoseWithAConsumerAreListed) {
  say_front_proxy();
  held.clients.resize(2);
  held.clients[0].addresses = {"10.0.0.1"};
  held.clients[0].lag = 30;
  held.clients[1].addresses = {"10.0.0.3"};
  held.clients[1].lag = 0;
  start(cluster);
  ASSERT_TRUE(ready());
  const std::string selector = "metricLabelSelector=topic%3Dt%2CconsumerGroup%3Dg";
  const std::string pods = std::string(kCustom) + "/namespaces/shop/pods/%2A/rocketmq-lag?" + selector;
  auto answer = ask(pods + "&labelSelector=app%3Dorders");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value body = json::parse(answer.body);
  EXPECT_EQ(body.at("kind").as_string(), "MetricValueList");
  std::string text;
  for (const json::value& item : body.at("items").as_array()) {
    EXPECT_EQ(item.at("describedObject").at("kind").as_string(), "Pod");
    EXPECT_EQ(item.at("describedObject").at("namespace").as_string(), "shop");
    text += std::string(item.at("describedObject").at("name").as_string()) + "=" +
            std::string(item.at("value").as_string()) + " ";
  }
  EXPECT_EQ(text, "a=30 c=0 ");
  EXPECT_THAT(ask(std::string(kCustom) + "/namespaces/shop/pods/a/rocketmq-lag?" + selector).body,
              HasSubstr(R"("value":"30")"));

  expect_status(ask(pods + "&labelSelector=app%3Dothers"), 404, "NotFound", "0 such pods");
  expect_status(ask(pods + "&labelSelector=a%3D%3D%3D"), 400, "BadRequest", "the pods' selector");
  expect_status(ask(std::string(kCustom) + "/namespaces/shop/services/%2A/rocketmq-lag?" + selector), 404, "NotFound",
                "only single ones");
  failed = Error{Errc::timeout, "no answer of broker-a"};
  expect_status(ask(pods), 503, "ServiceUnavailable", "no answer of broker-a");
}

TEST_F(MetricsServerWithApiServer, GivenTheFrontProxyIsNotKnownYetWhenAskedThenItIsNotReadyAndServesLater) {
  start(cluster);
  ASSERT_TRUE(ready());
  const std::string path = std::string(kExternal);
  expect_status(ask(path), 503, "ServiceUnavailable", "not known yet");
  EXPECT_EQ(ask("/readyz", {}, "").status, 503);
  EXPECT_EQ(ask("/livez", {}, "").status, 200);
  say_front_proxy();
  for (const auto& watch : open) {
    if (watch->target.find("configmaps") == std::string::npos) continue;
    watch->send(R"({"type":"ADDED","object":)" + json::serialize(maps[0]) + "}\n");
  }
  ASSERT_TRUE(test::run_until(io, [&] { return ask("/readyz", {}, "").status == 200; }));
  EXPECT_EQ(ask(path).status, 200);
  expect_status(ask(path, strangers.issue("front-proxy-client"), "admin"), 401, "Unauthorized", "does not verify");
  expect_status(ask(path, proxies.issue("other"), "admin"), 403, "Forbidden", "other");
}

TEST_F(MetricsServer, GivenNoAccessToTheApiServerWhenStartedOrAskedForPodsThenThatIsSaid) {
  Config config;
  EXPECT_THAT(Server::start(io, config, {}).error().message, HasSubstr("expected requestHeader.clientCa"));
  start();
  expect_status(ask(std::string(kCustom) +
                    "/namespaces/a/pods/%2A/rocketmq-lag?metricLabelSelector=topic%3Dt%2CconsumerGroup%3Dg"),
                404, "NotFound", "pods are not watched here");
}

TEST(MetricsRequests, GivenPathsWhenParsedThenTheyAreWhatTheHpaMeans) {
  auto pods = parse_request("/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/pods/*/lag");
  ASSERT_TRUE(pods);
  const auto& custom = std::get<CustomRequest>(*pods);
  EXPECT_EQ(custom.namespace_ + "|" + custom.resource + "|" + custom.name + "|" + custom.metric, "shop|pods|*|lag");
  for (const char* path :
       {"", "/", "/api", "/apis/external.metrics.k8s.io/v1beta1/namespaces/a",
        "/apis/external.metrics.k8s.io/v1beta1/x/a/b", "/apis/external.metrics.k8s.io/v1beta1/namespaces/a/b/c",
        "/apis/custom.metrics.k8s.io/v1beta2/namespaces/a/b/c/d/e", "/apis/custom.metrics.k8s.io/v1beta2/nodes/*/m"}) {
    EXPECT_FALSE(parse_request(path)) << path;
  }
  EXPECT_EQ(kind_of("rollouts.argoproj.io").kind, "rollouts");
}

TEST(FrontProxies, GivenTheConfigMapOfTheApiServerWhenReadThenNamesAndHeadersAreItsOwn) {
  auto proxy = front_proxy_of({{"requestheader-client-ca-file", "PEM"},
                               {"requestheader-allowed-names", R"(["a","b"])"},
                               {"requestheader-username-headers", R"(["X-User"])"}});
  ASSERT_TRUE(proxy) << proxy.error().message;
  EXPECT_EQ(proxy->client_ca, "PEM");
  EXPECT_THAT(proxy->allowed_names, testing::ElementsAre("a", "b"));
  EXPECT_THAT(proxy->username_headers, testing::ElementsAre("X-User"));
  EXPECT_TRUE(front_proxy_of({{"requestheader-client-ca-file", "PEM"}})->allowed_names.empty());
  EXPECT_EQ(front_proxy_of({}).error().code, Errc::not_found);
  EXPECT_EQ(
      front_proxy_of({{"requestheader-client-ca-file", "PEM"}, {"requestheader-allowed-names", "a"}}).error().code,
      Errc::corrupt);
  EXPECT_FALSE(front_proxy_of({{"requestheader-client-ca-file", "PEM"}, {"requestheader-allowed-names", "[1]"}}));
}

}  // namespace
}  // namespace gantry::metrics_api
