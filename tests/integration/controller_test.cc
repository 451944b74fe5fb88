// Three controllers as processes, asked as brokers ask them: every node answers everything, and what was answered stays
// true while nodes die and come back.
#include <gmock/gmock.h>

#include "integration/gantry_process.h"
#include "rocketmq/controller_client.h"
#include "unit/drive.h"
#include "wire/codes.h"

namespace gantry::integration {
namespace {

namespace asio = boost::asio;
namespace rc = wire::response_code;
using rocketmq::ControllerClient;
using rocketmq::ControllerResult;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

// A broker of set `name` with an id: it keeps its heartbeats going on a connection to every controller.
struct Broker {
  std::string name;
  std::int64_t id = 0;
  std::string address;
  std::int64_t offset = 100;
  std::shared_ptr<ControllerClient> connection;
};

class Controllers : public testing::Test {
 protected:
  void SetUp() override {
    directory = std::filesystem::temp_directory_path() / ("gantry-controllers-" + std::to_string(getpid()));
    std::filesystem::create_directories(directory);
    const auto [a, b] = free_ports();
    const auto [c, d] = free_ports();
    for (const int port : {a, b, c}) {
      const std::size_t n = addresses.size();
      addresses.push_back("127.0.0.1:" + std::to_string(port));
      peers += (n == 0 ? "n" : ";n") + std::to_string(n) + "-" + addresses.back();
      endpoints += (n == 0 ? "" : ";") + addresses.back();
    }
    nodes.resize(3);
    for (std::size_t n = 0; n < 3; ++n) start(n);
    client = connect(endpoints);
    ASSERT_TRUE(leads_within(10s)) << nodes[0]->err();
  }
  void TearDown() override {
    for (auto& broker : brokers) broker->connection->stop();
    if (client) client->stop();
    io.restart();
    io.poll();
    nodes.clear();
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }

  void start(std::size_t n) {
    const std::string self = "n" + std::to_string(n);
    nodes[n] =
        std::make_unique<Running>(directory, std::vector<std::string>{"controller", "--peers", peers, "--self", self,
                                                                      "--data", (directory / self).string()});
  }
  std::string log(std::size_t n) const { return nodes[n]->out() + nodes[n]->err(); }
  void kill_node(std::size_t n) {
    nodes[n]->signal(SIGKILL);
    nodes[n]->wait();
  }
  std::shared_ptr<ControllerClient> connect(const std::string& to) {
    rocketmq::ControllerClientConfig config;
    config.endpoints = to;
    return ControllerClient::create(io, config).value();
  }
  template <class T>
  ControllerResult<T> ask(ControllerClient::Awaitable<T> call) {
    std::optional<ControllerResult<T>> result;
    asio::co_spawn(io, std::move(call),
                   [&](std::exception_ptr, ControllerResult<T> value) { result = std::move(value); });
    EXPECT_TRUE(test::run_until(io, [&] { return result.has_value(); }));
    return std::move(*result);
  }
  // The node that calls itself leader; nullopt while there is none.
  std::optional<std::size_t> leader() {
    for (std::size_t n = 0; n < addresses.size(); ++n) {
      if (nodes[n]->ended()) continue;
      const auto metadata = ask(client->metadata(addresses[n]));
      if (metadata && metadata->is_leader) return n;
    }
    return std::nullopt;
  }
  bool leads_within(std::chrono::seconds time) {
    const auto deadline = std::chrono::steady_clock::now() + time;
    while (!leader()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      test::run_until(io, [] { return false; }, 10ms);
    }
    client->forget_leader();
    return true;
  }

  Broker& join(const std::string& name, const std::string& address, const std::string& to) {
    auto joined = ask(client->join({"c", name, address, address + ";1"}, to));
    EXPECT_TRUE(joined) << joined.error().error.message;
    brokers.push_back(
        std::make_unique<Broker>(Broker{name, joined ? joined->broker_id : 0, address, 100, connect(endpoints)}));
    heartbeat(*brokers.back());
    return *brokers.back();
  }
  void heartbeat(Broker& broker) {
    wire::BrokerHeartbeatRequestHeader header;
    header.cluster_name = "c";
    header.broker_name = broker.name;
    header.broker_addr = broker.address;
    header.broker_id = broker.id;
    header.epoch = 1;
    header.max_offset = broker.offset;
    header.heartbeat_timeout_ms = 10'000;
    for (const std::string& address : addresses) broker.connection->heartbeat(address, header);
  }
  ControllerResult<rocketmq::ElectedMaster> elect(const std::string& name, std::int64_t id, const std::string& to) {
    wire::ElectMasterRequestHeader header;
    header.cluster_name = "c";
    header.broker_name = name;
    header.broker_id = id;
    return ask(client->elect_master(header, to));
  }
  ControllerResult<rocketmq::AlteredSyncStateSet> alter(const std::string& name, std::int64_t master,
                                                        std::int32_t epoch, std::vector<std::int64_t> ids,
                                                        std::int32_t replaces, const std::string& to) {
    wire::AlterSyncStateSetRequestHeader header;
    header.broker_name = name;
    header.master_broker_id = master;
    header.master_epoch = epoch;
    return ask(client->alter_sync_state_set(header, {std::move(ids), replaces}, to));
  }
  // Until the heartbeats have reached the leader.
  bool in_sync(const std::string& name, std::vector<std::int64_t> ids, const std::string& to) {
    return eventually_asked([&] {
      for (auto& broker : brokers) heartbeat(*broker);
      const auto info = ask(client->replica_info(name, to));
      if (!info || !info->master.master_broker_id) return false;
      if (info->in_sync.sync_state_set == ids) return true;
      auto altered = alter(name, *info->master.master_broker_id, *info->master.master_epoch, ids,
                           info->in_sync.sync_state_set_epoch, to);
      return altered.has_value();
    });
  }
  bool eventually_asked(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 15s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      test::run_until(io, [] { return false; }, 10ms);
    }
    return true;
  }

  asio::io_context io{1};
  std::filesystem::path directory;
  std::vector<std::string> addresses;
  std::string peers;
  std::string endpoints;
  std::vector<std::unique_ptr<Running>> nodes;
  std::shared_ptr<ControllerClient> client;
  std::vector<std::unique_ptr<Broker>> brokers;
};

TEST_F(Controllers, GivenAnyNodeWhenAskedThenItAnswersReadsAndWritesAlike) {
  const std::size_t follower = (*leader() + 1) % 3;
  const std::string& door = addresses[follower];
  const auto& first = join("a", "10.0.0.1:1", door);
  const auto& second = join("a", "10.0.0.2:1", door);
  EXPECT_EQ(first.id, 1);
  EXPECT_EQ(second.id, 2);
  auto elected = elect("a", 1, door);
  ASSERT_TRUE(elected) << elected.error().error.message;
  EXPECT_EQ(elected->master.master_broker_id, 1);
  EXPECT_EQ(elected->master.master_epoch, 1);
  ASSERT_TRUE(in_sync("a", {1, 2}, door));
  for (const std::string& address : addresses) {
    auto info = ask(client->replica_info("a", address));
    ASSERT_TRUE(info) << info.error().error.message;
    EXPECT_EQ(info->master.master_address, "10.0.0.1:1") << address;
    EXPECT_THAT(info->in_sync.sync_state_set, ElementsAre(1, 2)) << "the write was answered before the read was asked";
  }
}

TEST_F(Controllers, GivenWhatIsRefusedThenTheCodeIsTheDocumentedOneAndTheRemarkSaysWhatToDo) {
  join("a", "10.0.0.1:1", {});
  ASSERT_TRUE(elect("a", 1, {}));
  const std::pair<std::int32_t, ControllerResult<rocketmq::AlteredSyncStateSet>> refused[] = {
      {rc::kControllerFencedMasterEpoch, alter("a", 1, 7, {1, 2}, 1, {})},
      {rc::kControllerFencedSyncStateSetEpoch, alter("a", 1, 1, {1, 2}, 9, {})},
      {rc::kControllerInvalidMaster, alter("a", 2, 1, {1, 2}, 1, {})},
      {rc::kControllerInvalidReplicas, alter("a", 1, 1, {1, 5}, 1, {})},
  };
  for (const auto& [code, answer] : refused) {
    ASSERT_FALSE(answer) << code;
    EXPECT_EQ(answer.error().response_code, code) << answer.error().error.message;
    EXPECT_GT(answer.error().error.message.size(), 20u);
  }
  auto unknown = ask(client->replica_info("nobody"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().response_code, rc::kControllerBrokerMetadataNotExist);
  auto garbage = wire::make_request(wire::request_code::kControllerAlterSyncStateSet);
  garbage.body = "{not json";
  std::optional<Result<wire::Command>> answer;
  client->remoting().call(addresses[0], garbage, 3s, [&](Result<wire::Command> result) { answer = std::move(result); });
  ASSERT_TRUE(test::run_until(io, [&] { return answer.has_value(); }));
  ASSERT_TRUE(*answer);
  EXPECT_EQ((*answer)->code, rc::kControllerInvalidRequest) << (*answer)->remark;
}

TEST_F(Controllers, GivenAMasterWhoseConnectionClosesThenAnotherInSyncIsMasterWithinHalfASecond) {
  auto& first = join("a", "10.0.0.1:1", {});
  join("a", "10.0.0.2:1", {});
  ASSERT_TRUE(elect("a", 1, {}));
  ASSERT_TRUE(in_sync("a", {1, 2}, {}));
  first.connection->stop();
  const auto closed = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually_asked([&] {
    const auto info = ask(client->replica_info("a", addresses[0]));
    return info && info->master.master_broker_id == 2;
  }));
  const auto took = std::chrono::steady_clock::now() - closed;
  EXPECT_LT(took, 500ms);
  const auto info = ask(client->replica_info("a"));
  EXPECT_EQ(info->master.master_epoch, 2);
  EXPECT_THAT(info->in_sync.sync_state_set, ElementsAre(2));
}

TEST_F(Controllers, GivenALeaderThatIsKilledThenAnswersStayTrueAndTheNodeComesBack) {
  join("a", "10.0.0.1:1", {});
  ASSERT_TRUE(elect("a", 1, {}));
  const std::size_t killed = *leader();
  const std::string survivor = addresses[(killed + 1) % 3];
  kill_node(killed);
  const auto at = std::chrono::steady_clock::now();
  // a write, by a node that may have to learn of the new leader first
  ASSERT_TRUE(eventually_asked([&] {
    wire::ApplyBrokerIdRequestHeader header{"c", "b", 1, "10.0.0.9:1;1"};
    return ask(client->apply_broker_id(header, survivor)).has_value();
  }));
  EXPECT_LT(std::chrono::steady_clock::now() - at, 3s);
  auto info = ask(client->replica_info("a", survivor));
  ASSERT_TRUE(info) << info.error().error.message;
  EXPECT_EQ(info->master.master_epoch, 1);

  start(killed);
  ASSERT_TRUE(eventually_asked([&] {
    const auto next = ask(client->next_broker_id({"c", "b"}, addresses[killed]));
    return next && *next == 2;
  })) << nodes[killed]->err();
}

TEST_F(Controllers, GivenAllNodesAreKilledWhenTheyComeBackThenNothingAnsweredIsLost) {
  for (int set = 0; set < 20; ++set) {
    const std::string name = "set-" + std::to_string(set);
    join(name, "10.0.0.1:" + std::to_string(set + 1), addresses[static_cast<std::size_t>(set) % 3]);
    ASSERT_TRUE(elect(name, 1, {}));
  }
  for (std::size_t n = 0; n < 3; ++n) kill_node(n);
  for (std::size_t n = 0; n < 3; ++n) start(n);
  ASSERT_TRUE(leads_within(10s));
  for (int set = 0; set < 20; ++set) {
    const std::string name = "set-" + std::to_string(set);
    auto info = ask(client->replica_info(name));
    ASSERT_TRUE(info) << name << ": " << info.error().error.message;
    EXPECT_EQ(info->master.master_epoch, 1) << name;
    EXPECT_EQ(info->master.master_address, "10.0.0.1:" + std::to_string(set + 1));
  }
}

TEST_F(Controllers, GivenSigtermThenALeaderHandsOverFirstAndEndsWithZero) {
  const std::size_t first = *leader();
  nodes[first]->signal(SIGTERM);
  const Ended ended = nodes[first]->wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out + ended.err, HasSubstr("handing leadership over"));
  EXPECT_TRUE(leads_within(2s)) << "by transfer, not by an election that waits for a timeout";
}

TEST_F(Controllers, GivenNoQuorumThenReadsAndWritesAreRefusedAndNothingIsInvented) {
  join("a", "10.0.0.1:1", {});
  const std::size_t stays = *leader();
  for (std::size_t n = 0; n < 3; ++n) {
    if (n != stays) kill_node(n);
  }
  // while it still takes itself for the leader its reads wait for a majority, and then fail
  auto read = ask(client->replica_info("a", addresses[stays]));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().response_code, rc::kControllerNotLeader);
  wire::ApplyBrokerIdRequestHeader header{"c", "b", 1, "10.0.0.9:1;1"};
  EXPECT_FALSE(ask(client->apply_broker_id(header, addresses[stays])));
}

TEST_F(Controllers, GivenANodeWhoseDirectoryWasReplacedThenItDoesNotVoteAndSaysWhyUntilItIsBack) {
  join("a", "10.0.0.1:1", {});
  ASSERT_TRUE(elect("a", 1, {}));
  const std::size_t lost = (*leader() + 1) % 3;
  const std::size_t other = (lost + 1) % 3;
  const std::string name = "n" + std::to_string(lost);
  kill_node(lost);
  std::filesystem::rename(directory / name, directory / "kept");
  start(lost);
  ASSERT_TRUE(eventually([&] { return log(lost).find("its directory was replaced or removed") != std::string::npos; }))
      << log(lost);

  // with one of the two others gone there is no majority, and the node without memory does not make one
  const std::size_t dead = leader() == other ? other : 3 - lost - other;
  const std::size_t last = 3 - lost - dead;
  kill_node(dead);
  auto info = ask(client->replica_info("a", addresses[last]));
  EXPECT_FALSE(info);
  auto forgetful = ask(client->replica_info("a", addresses[lost]));
  ASSERT_FALSE(forgetful) << "never invented state";
  EXPECT_EQ(forgetful.error().response_code, rc::kControllerNotLeader);

  kill_node(lost);
  std::filesystem::remove_all(directory / name);
  std::filesystem::rename(directory / "kept", directory / name);
  start(lost);
  ASSERT_TRUE(eventually_asked([&] { return ask(client->replica_info("a", addresses[lost])).has_value(); }))
      << log(lost);
}

TEST_F(Controllers, GivenAPeerThatIsSilentThenNewNodesFormNoGroupUntilItHasSpoken) {
  for (std::size_t n = 0; n < 3; ++n) kill_node(n);
  for (std::size_t n = 0; n < 3; ++n) std::filesystem::remove_all(directory / ("n" + std::to_string(n)));
  start(0);
  start(1);
  ASSERT_TRUE(eventually([&] { return log(1).find("no answer yet of") != std::string::npos; }));
  const auto until = std::chrono::steady_clock::now() + 1'500ms;  // an election takes a third of it
  while (std::chrono::steady_clock::now() < until) ASSERT_FALSE(leader());
  start(2);
  EXPECT_TRUE(leads_within(10s)) << log(2);
}

TEST_F(Controllers, GivenTheCommandsOfAnOperatorThenTheyShowNodesSetsAndReasonsAndElect) {
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "controller");
    arguments.insert(arguments.end(), {"--endpoints", endpoints, "-o", "json"});
    return Running(directory, arguments).wait();
  };
  join("a", "10.0.0.1:1", {});
  join("a", "10.0.0.2:1", {});
  ASSERT_TRUE(elect("a", 1, {}));
  ASSERT_TRUE(in_sync("a", {1, 2}, {}));

  const Ended sets = run({"sets"});
  ASSERT_EQ(sets.code, 0) << sets.err;
  const json::object set = json::parse(sets.out).at(0).as_object();
  EXPECT_EQ(set.at("set"), "a");
  EXPECT_EQ(set.at("cluster"), "c");
  EXPECT_EQ(set.at("master_id"), 1);
  EXPECT_EQ(set.at("master_address"), "10.0.0.1:1");
  EXPECT_EQ(set.at("in_sync"), (json::array{1, 2}));
  EXPECT_EQ(set.at("replicas").as_array().size(), 2u);

  const Ended elected = run({"elect", "a", "--broker-id", "2"});
  ASSERT_EQ(elected.code, 0) << elected.err;
  EXPECT_EQ(json::parse(elected.out).at("master_id"), 2);
  const Ended why = run({"explain", "a"});
  ASSERT_EQ(why.code, 0) << why.err;
  EXPECT_THAT(why.out, HasSubstr("master 2 (epoch 2) instead of 1"));
  EXPECT_EQ(run({"explain", "nobody"}).code, 1);

  kill_node((*leader() + 1) % 3);
  const Ended status = run({"status"});
  EXPECT_EQ(status.code, 0) << status.err;
  const json::object seen = json::parse(status.out).as_object();
  EXPECT_EQ(std::string(seen.at("leader").as_string()), "n" + std::to_string(*leader()));
  std::map<std::string, int> roles;
  for (const json::value& node : seen.at("nodes").as_array()) ++roles[std::string(node.at("role").as_string())];
  EXPECT_THAT(roles,
              ElementsAre(testing::Pair("follower", 1), testing::Pair("leader", 1), testing::Pair("unreachable", 1)));
}

TEST(ControllerCommand, GivenWhatCannotBeThenTheErrorSaysWhatAndWhere) {
  const auto directory = std::filesystem::temp_directory_path() / ("gantry-controller-" + std::to_string(getpid()));
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "c.properties") << "controllerDLegerPeers=n0-127.0.0.1\ncontrollerDLegerSelfId=n0\n";
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"controller", "--properties", (directory / "absent").string()}, "cannot be read"},
      {{"controller", "--properties", (directory / "c.properties").string()},
       "c.properties: controllerDLegerPeers: expected n0-host:port;n1-host:port, got \"n0-127.0.0.1\""},
      {{"controller", "--self", "n5", "--data", directory.string()}, "expected the id of one of controllerDLegerPeers"},
  };
  for (const auto& [arguments, expected] : cases) {
    Running controller(directory, arguments);
    const Ended ended = controller.wait();
    EXPECT_NE(ended.code, 0);
    EXPECT_THAT(ended.err, HasSubstr(expected));
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace gantry::integration
