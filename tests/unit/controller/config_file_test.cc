#include "controller/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "controller/preflight.h"

namespace gantry::controller {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(ControllerFile, GivenPeersAloneThenDefaultsApply) {
  const auto config = parse_config("peers: {n0: 10.0.0.1:9878}", "c.yaml");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->peers.size(), 1u);
  EXPECT_EQ(config->peers[0], (Peer{"n0", {"10.0.0.1", 9878}}));
  EXPECT_EQ(config->group, Config{}.group);
  EXPECT_FALSE(config->http);
  EXPECT_FALSE(config->unclean_election);
  EXPECT_TRUE(config->notify_role_changed);
  EXPECT_EQ(config->connections_max, Config{}.connections_max);
}

TEST(ControllerFile, GivenEverythingThenItArrives) {
  const auto config = parse_config(R"(
self: n1
group: orders
peers:
  n0: controller-0.controllers:9878
  n1: controller-1.controllers:9878
  n2: "[::1]:9878"
listenHost: 0.0.0.0
http: ":9880"
dataDirectory: /var/lib/gantry
uncleanElection: true
notifyBrokerRoleChanged: false
leaseReads: true
spreadBrokers: true
heartbeatTimeout: 15s
connectionsMax: 20000
configBlackList: [enableElectUncleanMaster]
operators: [{accessKey: ops, secretKey: hunter2}]
tls: {certificate: /tls/tls.crt, key: /tls/tls.key, ca: /tls/ca.crt, required: true}
)",
                                   "c.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->own()->endpoint.host, "controller-1.controllers");
  EXPECT_EQ(config->group, "orders");
  EXPECT_EQ(config->peers.size(), 3u);
  EXPECT_EQ(config->listen_host, "0.0.0.0");
  ASSERT_TRUE(config->http);
  EXPECT_EQ(config->http->port, 9880);
  EXPECT_EQ(config->data_directory, "/var/lib/gantry");
  EXPECT_TRUE(config->unclean_election);
  EXPECT_FALSE(config->notify_role_changed);
  EXPECT_TRUE(config->lease_reads);
  EXPECT_TRUE(config->spread_brokers);
  EXPECT_EQ(config->heartbeat_timeout_ms, 15'000);
  EXPECT_EQ(config->connections_max, 20'000u);
  EXPECT_THAT(config->config_black_list, ElementsAre("enableElectUncleanMaster"));
  ASSERT_EQ(config->operators.size(), 1u);
  EXPECT_EQ(config->operators[0].access_key, "ops");
  EXPECT_EQ(config->operators[0].secret_key, "hunter2");
  EXPECT_EQ(config->tls.certificate_file, "/tls/tls.crt");
  EXPECT_EQ(config->tls.key_file, "/tls/tls.key");
  EXPECT_EQ(config->tls.ca_file, "/tls/ca.crt");
  EXPECT_TRUE(config->tls_required);
}

TEST(ControllerFile, GivenAMistakeThenTheErrorNamesFileLineAndFieldAndShowsNoSecret) {
  const std::string peers = "peers: {n0: 'a:1'}\n";
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"", "c.yaml:1: expected settings, peers at least, got nothing"},
           {"self: n0", "c.yaml:1: peers: expected a value, got nothing"},
           {"peers: [a]", "c.yaml:1: peers: expected a mapping of names to addresses"},
           {"peers:\n  n0: nowhere", "c.yaml:2: peers.n0: expected host:port, got"},
           {peers + "uncleanelection: true", "c.yaml:2: uncleanelection: expected a known field"},
           {peers + "uncleanElection: maybe", "c.yaml:2: uncleanElection: expected true or false"},
           {peers + "http: nowhere", "c.yaml:2: http: expected host:port"},
           {peers + "heartbeatTimeout: 5ms", "c.yaml:2: heartbeatTimeout: expected a duration of at least 1s"},
           {peers + "connectionsMax: 0", "c.yaml:2: connectionsMax: expected"},
           {peers + "operators: [{accessKey: a, secretKey: [hunter2]}]", "c.yaml:2: operators[0].secretKey: expected"},
           {peers + "tls: {certificate: a}", "c.yaml:2: tls.key: expected a value, got nothing"},
           {peers + "---\na: b", "c.yaml:3: expected one document, got more"},
       }) {
    const auto config = parse_config(text, "c.yaml");
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().code, Errc::invalid_argument);
    EXPECT_THAT(config.error().message, HasSubstr(message));
    EXPECT_THAT(config.error().message, Not(HasSubstr("hunter2")));
  }
}

Config three() {
  auto config =
      parse_config("peers: {n0: 'a:1', n1: 'b:1', n2: 'c:1'}\nself: n0\ndataDirectory: /nowhere/at/all", "c.yaml");
  return *config;
}

TEST(ControllerPreflight, GivenAConfigurationThatCannotWorkThenWhy) {
  const auto why = [](void (*change)(Config&)) {
    Config config = three();
    change(config);
    const auto checked = check_config(config);
    return checked ? std::string("ok") : checked.error().message;
  };
  EXPECT_EQ(why([](Config&) {}), "ok");
  EXPECT_THAT(why([](Config& c) { c.self = "n7"; }), HasSubstr("this controller is n7, but the peers do not name it"));
  EXPECT_THAT(why([](Config& c) { c.peers[1].endpoint = c.peers[0].endpoint; }), HasSubstr("twice"));
  EXPECT_THAT(why([](Config& c) { c.data_directory.clear(); }), HasSubstr("directory"));
  EXPECT_THAT(why([](Config& c) { c.tls_required = true; }), HasSubstr("no certificate"));
  EXPECT_THAT(why([](Config& c) {
                c.tls = {.ca_file = "/no/ca"}, c.tls.certificate_file = "/no/crt", c.tls.key_file = "/no/key";
              }),
              HasSubstr("/no/"));
}

TEST(ControllerPreflight, GivenAConfigurationThenWhatAStartWouldDoAndWhatIsRisky) {
  Plan plan = plan_of(three());
  EXPECT_THAT(plan.steps, Contains(HasSubstr("n0 of group gantry-controller, of 3: n0-a:1;n1-b:1;n2-c:1")));
  EXPECT_THAT(plan.steps, Contains(HasSubstr("listens on a:1")));
  EXPECT_THAT(plan.steps,
              Contains(HasSubstr("/nowhere/at/all, which is empty: forms group gantry-controller once every peer")));
  EXPECT_THAT(plan.warnings, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists("/nowhere")) << "changes nothing";
  Config risky = three();
  risky.peers.pop_back();
  risky.unclean_election = true;
  EXPECT_THAT(plan_of(risky).warnings, ElementsAre(HasSubstr("odd number"), HasSubstr("loses messages")));
}

}  // namespace
}  // namespace gantry::controller
