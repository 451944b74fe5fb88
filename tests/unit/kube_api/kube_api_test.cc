#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "kube_api/pod_watch.h"
#include "unit/drive.h"
#include "unit/kube_api/fake_api_server.h"

namespace gantry::kube_api {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

std::string pod(const std::string& namespace_, const std::string& name, const std::string& ip, int version,
                const std::string& labels = R"("app":"orders")", const std::string& phase = "Running") {
  return R"({"kind":"Pod","metadata":{"namespace":")" + namespace_ + R"(","name":")" + name +
         R"(","resourceVersion":")" + std::to_string(version) + R"(","labels":{)" + labels +
         R"(}},"status":{"phase":")" + phase + R"(","podIP":")" + ip + R"("}})";
}
std::string list_of(const std::string& items, int version, const std::string& more = "") {
  return R"({"kind":"PodList","metadata":{"resourceVersion":")" + std::to_string(version) + R"(","continue":")" + more +
         R"("},"items":[)" + items + "]}";
}
std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

class KubeApi : public testing::Test {
 protected:
  KubeApi() { client = make_client(); }

  std::shared_ptr<Client> make_client() {
    Access access;
    access.server = server.url();
    return std::make_shared<Client>(io, access);
  }
  // What a watch sees: `page` for lists, and the watches are kept for the test to write on.
  void serve_list() {
    server.on_request = [this](FakeApiServer::ConnectionPtr connection) {
      if (connection->target.find("watch=1") == std::string::npos) {
        ++lists;
        return connection->answer(list_status, page);
      }
      connection->begin_stream();
      watches.push_back(connection);
    };
  }
  std::string names(std::string_view namespace_, std::string_view selector = "") {
    auto found = pods->find(namespace_, *kube::parse_label_selector(selector));
    if (!found) return "unknown: " + found.error().message;
    std::string text;
    for (const Pod& pod : *found) text += pod.name + "@" + pod.ip + " ";
    return text;
  }
  void start_pods(PodWatchConfig config = {}) {
    pods.emplace(client, config);
    pods->start();
  }
  ~KubeApi() override {
    if (pods) pods->stop();
    io.restart();
    io.poll();
  }

  asio::io_context io{1};
  FakeApiServer server{io};
  std::shared_ptr<Client> client;
  std::optional<PodWatch> pods;
  std::string page = list_of("", 1);
  int list_status = 200;
  int lists = 0;
  std::vector<FakeApiServer::ConnectionPtr> watches;
};

TEST_F(KubeApi, GivenAPodListAndEventsWhenWatchedThenThePodsAreThoseThatRun) {
  page = list_of(pod("shop", "a", "10.0.0.1", 5) + "," + pod("shop", "b", "10.0.0.2", 6, R"("app":"other")") + "," +
                     pod("bank", "c", "10.0.0.3", 7) + "," + pod("shop", "no-address", "", 8),
                 10);
  serve_list();
  start_pods();
  EXPECT_THAT(names("shop"), HasSubstr("unknown: the pods are not known: not listed yet"));
  ASSERT_TRUE(test::run_until(io, [&] { return watches.size() == 1; }));
  EXPECT_EQ(names("shop"), "a@10.0.0.1 b@10.0.0.2 ");
  EXPECT_EQ(names("shop", "app=orders"), "a@10.0.0.1 ");
  EXPECT_EQ(names("bank"), "c@10.0.0.3 ");
  EXPECT_EQ(names("nowhere"), "");
  EXPECT_EQ(pods->size(), 3u);
  EXPECT_THAT(server.targets[0], HasSubstr("/api/v1/pods?fieldSelector=status.phase%3DRunning&limit=500"));
  EXPECT_THAT(server.targets[1], HasSubstr("watch=1&allowWatchBookmarks=true"));
  EXPECT_THAT(server.targets[1], HasSubstr("resourceVersion=10"));

  watches[0]->send(event("ADDED", pod("shop", "d", "10.0.0.4", 11)) +
                   event("DELETED", pod("bank", "c", "10.0.0.3", 12)));
  const std::string split = event("MODIFIED", pod("shop", "a", "10.0.0.9", 13));
  watches[0]->send(split.substr(0, 20));
  watches[0]->send(split.substr(20));
  ASSERT_TRUE(test::run_until(io, [&] { return names("shop") == "a@10.0.0.9 b@10.0.0.2 d@10.0.0.4 "; }))
      << names("shop");
  EXPECT_EQ(names("bank"), "");
  watches[0]->send(event("MODIFIED", pod("shop", "a", "10.0.0.9", 14, "", "Succeeded")));
  ASSERT_TRUE(test::run_until(io, [&] { return names("shop") == "b@10.0.0.2 d@10.0.0.4 "; }));

  // the server ends every watch after a while: the next goes on from the last event, bookmarks count
  watches[0]->send(event("BOOKMARK", R"({"metadata":{"resourceVersion":"20"}})"));
  watches[0]->end_stream();
  ASSERT_TRUE(test::run_until(io, [&] { return watches.size() == 2; }));
  EXPECT_THAT(server.targets.back(), HasSubstr("resourceVersion=20"));
  EXPECT_EQ(lists, 1);
}

TEST_F(KubeApi, GivenAWatchThatIsTooOldOrBrokenWhenItEndsThenItIsListedAnewOrGoneOnWith) {
  page = list_of(pod("shop", "a", "10.0.0.1", 5), 10);
  serve_list();
  start_pods();
  ASSERT_TRUE(test::run_until(io, [&] { return watches.size() == 1; }));
  page = list_of(pod("shop", "z", "10.0.0.26", 30), 40);
  watches[0]->send(event("ERROR", R"({"kind":"Status","code":410,"message":"too old resource version"})"));
  ASSERT_TRUE(test::run_until(io, [&] { return watches.size() == 2; }));
  EXPECT_EQ(names("shop"), "z@10.0.0.26 ");
  EXPECT_EQ(lists, 2);

  watches[1]->cut();
  ASSERT_TRUE(test::run_until(io, [&] { return watches.size() == 3; }));
  EXPECT_EQ(lists, 2);
  EXPECT_THAT(server.targets.back(), HasSubstr("resourceVersion=40"));

  watches[2]->send("no JSON\n");
  ASSERT_TRUE(test::run_until(io, [&] { return watches.size() == 4; }));
  EXPECT_EQ(lists, 3);
}

TEST_F(KubeApi, GivenAnApiServerThatRefusesWhenWatchedThenPodsAreUnknownWithItsReason) {
  list_status = 403;
  page = R"({"kind":"Status","code":403,"message":"pods is forbidden"})";
  serve_list();
  start_pods();
  ASSERT_TRUE(test::run_until(io, [&] { return names("shop").find("pods is forbidden") != std::string::npos; }))
      << names("shop");
  list_status = 200;
  page = list_of(pod("shop", "a", "10.0.0.1", 5), 10);
  ASSERT_TRUE(test::run_until(io, [&] { return names("shop") == "a@10.0.0.1 "; }));
}

TEST_F(KubeApi, GivenMorePodsThanTheLimitWhenListedThenThatIsSaidAndNotAPart) {
  page = list_of(pod("shop", "a", "10.0.0.1", 5) + "," + pod("shop", "b", "10.0.0.1", 5), 10);
  serve_list();
  start_pods({.namespace_ = "shop", .label_selector = "app in (a,b)", .pods_max = 1});
  ASSERT_TRUE(test::run_until(io, [&] { return names("shop").find("more than 1 items") != std::string::npos; }))
      << names("shop");
  EXPECT_THAT(server.targets[0], HasSubstr("/api/v1/namespaces/shop/pods?labelSelector=app%20in%20%28a%2Cb%29&"));
}

TEST_F(KubeApi, GivenALongListWhenReadThenPageFollowsPageAndAnExpiredOneBeginsAnew) {
  int expire = 1;
  server.on_request = [&](FakeApiServer::ConnectionPtr connection) {
    if (connection->target.find("continue=more%2F1") == std::string::npos) {
      return connection->answer(200, list_of(R"({"n":1},{"n":2})", 7, "more/1"));
    }
    if (expire-- > 0) return connection->answer(410, R"({"kind":"Status","message":"expired"})");
    connection->answer(200, list_of(R"({"n":3})", 7));
  };
  auto items = test::await(io, client->list("/apis/x/v1/things"));
  ASSERT_TRUE(items) << items.error().message;
  EXPECT_EQ(items->size(), 3u);
  EXPECT_EQ(server.targets.size(), 4u);
}

TEST_F(KubeApi, GivenAnswersOfAllKindsWhenGotThenErrorsAreTheServersWords) {
  struct Case {
    int status;
    std::string body;
    Errc code;
    std::string words;
  };
  const Case cases[] = {
      {404, R"({"kind":"Status","message":"deployments.apps \"x\" not found"})", Errc::not_found, "\"x\" not found"},
      {401, "Unauthorized", Errc::unauthenticated, "answers 401"},
      {403, "{}", Errc::permission_denied, "answers 403"},
      {429, "{}", Errc::resource_exhausted, "answers 429"},
      {500, "", Errc::unavailable, "answers 500"},
      {200, "[1]", Errc::corrupt, "no JSON object"},
      {200, "{", Errc::corrupt, "no JSON"},
  };
  for (const Case& c : cases) {
    server.on_request = [&](FakeApiServer::ConnectionPtr connection) { connection->answer(c.status, c.body); };
    auto got = test::await(io, client->get("/x"));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, c.code) << got.error().message;
    EXPECT_THAT(got.error().message, HasSubstr(c.words));
  }
  server.on_request = [&](FakeApiServer::ConnectionPtr connection) { connection->answer(200, R"({"kind":"Pod"})"); };
  EXPECT_EQ(test::await(io, client->get("/x"))->at("kind").as_string(), "Pod");
}

class AccessFiles : public testing::Test {
 protected:
  AccessFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gantry-access-XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    directory = pattern;
  }
  ~AccessFiles() override { std::filesystem::remove_all(directory); }
  void write(const std::string& name, const std::string& text) { std::ofstream(directory / name) << text; }
  std::filesystem::path directory;
};

TEST_F(AccessFiles, GivenATokenFileWhenItIsRotatedThenTheNextRequestHasTheNewOne) {
  asio::io_context io{1};
  FakeApiServer server(io);
  server.on_request = [](FakeApiServer::ConnectionPtr connection) { connection->answer(200, "{}"); };
  Access access;
  access.server = server.url();
  access.token_file = directory / "token";
  Client client(io, access);
  EXPECT_EQ(test::await(io, client.get("/x")).error().code, Errc::unauthenticated);
  write("token", "first\n");
  EXPECT_TRUE(test::await(io, client.get("/x")));
  write("token", "second");
  EXPECT_TRUE(test::await(io, client.get("/x")));
  EXPECT_THAT(server.heads[0], HasSubstr("Authorization: Bearer first\r\n"));
  EXPECT_THAT(server.heads[1], HasSubstr("Authorization: Bearer second\r\n"));
}

TEST_F(AccessFiles, GivenAPodsAccountWhenReadThenServerTokenAndNamespaceAreThere) {
  unsetenv("KUBERNETES_SERVICE_HOST");
  EXPECT_EQ(in_cluster(directory).error().code, Errc::not_found);
  setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  write("namespace", "shop");
  auto access = in_cluster(directory);
  ASSERT_TRUE(access);
  EXPECT_EQ(access->server, "https://[fd00::1]:443");
  EXPECT_EQ(access->token_file, directory / "token");
  EXPECT_EQ(access->namespace_, "shop");
  setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
  EXPECT_EQ(in_cluster(directory)->server, "https://10.96.0.1:443");
  unsetenv("KUBERNETES_SERVICE_HOST");
}

TEST(Kubeconfigs, GivenAFileWhenReadThenTheContextDecides) {
  const std::string text = R"(
apiVersion: v1
kind: Config
current-context: dev
clusters:
- name: c
  cluster: {server: "https://h:6443/", certificate-authority: ca.crt, tls-server-name: kubernetes}
- name: open
  cluster: {server: "https://h:1", insecure-skip-tls-verify: true, certificate-authority-data: UEVN}
users:
- name: u
  user: {client-certificate: /abs/u.crt, client-key: u.key}
- name: t
  user: {token: secret}
- name: e
  user: {exec: {command: aws}}
contexts:
- {name: dev, context: {cluster: c, user: u, namespace: shop}}
- {name: token, context: {cluster: open, user: t}}
- {name: exec, context: {cluster: c, user: e}}
- {name: broken, context: {cluster: none, user: u}}
)";
  auto dev = from_kubeconfig(text, "/etc/k/config");
  ASSERT_TRUE(dev) << dev.error().message;
  EXPECT_EQ(dev->server, "https://h:6443");
  EXPECT_EQ(dev->tls.ca_file, "/etc/k/ca.crt");
  EXPECT_EQ(dev->tls.certificate_file, "/abs/u.crt");
  EXPECT_EQ(dev->tls.key_file, "/etc/k/u.key");
  EXPECT_EQ(dev->tls_server_name, "kubernetes");
  EXPECT_EQ(dev->namespace_, "shop");
  auto token = from_kubeconfig(text, "f", "token");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->token, "secret");
  EXPECT_EQ(token->tls.ca_text, "PEM");
  EXPECT_FALSE(token->tls.verify_peer);
  EXPECT_THAT(from_kubeconfig(text, "f", "exec").error().message, HasSubstr("exec are not served"));
  EXPECT_THAT(from_kubeconfig(text, "f", "broken").error().message, HasSubstr("no cluster \"none\""));
  EXPECT_THAT(from_kubeconfig(text, "f", "none").error().message, HasSubstr("no context \"none\""));
  EXPECT_FALSE(from_kubeconfig("a: [", "f"));
  EXPECT_FALSE(from_kubeconfig("{}", "f"));
  EXPECT_FALSE(find_access("/nowhere/config"));
}

}  // namespace
}  // namespace gantry::kube_api
