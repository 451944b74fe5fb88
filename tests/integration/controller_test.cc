// Three controllers as processes, asked as brokers ask them: every node answers everything, and what was answered stays
// true while nodes die and come back.
#include <boost/asio/ssl/stream.hpp>
#include <fstream>

#include "integration/controllers.h"
#include "unit/net/certificates.h"
#include "wire/gantry_codes.h"

namespace gantry::integration {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

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
  wire::BrokerNames names(1'000, "a");
  EXPECT_TRUE(ask(client->sync_state_data(names)));
  names.push_back("a");
  const auto too_many = ask(client->sync_state_data(names));
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().response_code, rc::kControllerInvalidRequest);
  EXPECT_THAT(too_many.error().error.message, HasSubstr("1001 names at once are more than 1000"));
  names.assign(1, std::string(300'000, 'a'));
  EXPECT_FALSE(ask(client->sync_state_data(names)));
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

TEST_F(Controllers, GivenSetsToBeTakenOverThenEachIsAnsweredAndWhatCannotBeReadIsRefusedAsAWhole) {
  const auto import = [&](const std::string& body, const std::string& to) {
    auto request = wire::make_request(wire::request_code::kGantryControllerImport);
    request.body = body;
    std::optional<Result<wire::Command>> answer;
    client->remoting().call(to, request, 3s, [&](Result<wire::Command> result) { answer = std::move(result); });
    EXPECT_TRUE(test::run_until(io, [&] { return answer.has_value(); }));
    return answer && *answer ? **answer : wire::Command{};
  };
  const std::string good =
      R"({"cluster":"c","set":"a","next_broker_id":103,"master_id":2,"master_epoch":7,"sync_state_set_epoch":9,)"
      R"("in_sync":[1,2],"replicas":[{"id":1,"address":"10.0.0.1:1"},{"id":2,"address":"10.0.0.2:1"}]})";
  for (const char* bad : {"", "{", "[]", "{}", R"({"sets":1})", R"({"sets":[1]})", R"({"sets":[{}]})"}) {
    const auto answer = import(bad, addresses[*leader()]);
    EXPECT_EQ(answer.code, rc::kControllerInvalidRequest) << bad;
    EXPECT_THAT(answer.remark, HasSubstr("cannot be read")) << bad;
  }
  std::string huge = good;
  huge.replace(huge.find(":7"), 2, ":99999999999");
  EXPECT_EQ(import(R"({"sets":[)" + huge + "]}", addresses[*leader()]).code, rc::kControllerInvalidRequest);
  EXPECT_EQ(import(R"({"sets":[]})", addresses[*leader()]).body, "[]");

  std::string stranger = good;  // its master is none of its replicas
  stranger.replace(stranger.find("\"a\""), 3, "\"b\"").replace(stranger.find(":2,"), 3, ":5,");
  const std::string follower = addresses[(*leader() + 1) % 3];
  for (int again = 0; again < 2; ++again) {
    const auto answer = import(R"({"sets":[)" + good + "," + stranger + "]}", follower);
    ASSERT_EQ(answer.code, rc::kSuccess) << answer.remark;
    const json::array results = json::parse(answer.body).as_array();
    ASSERT_EQ(results.size(), 2u);
    EXPECT_TRUE(results[0].at("imported").as_bool()) << results[0].at("remark").as_string();
    EXPECT_FALSE(results[1].at("imported").as_bool());
    EXPECT_FALSE(results[1].at("retry").as_bool()) << "refused for good";
  }
  const auto info = ask(client->replica_info("a"));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->master.master_broker_id, 2);
  EXPECT_EQ(info->master.master_epoch, 7) << "nobody was elected in the place of a master that had no time to come";
  EXPECT_EQ(*ask(client->next_broker_id({"c", "a"})), 103);
}

TEST_F(Controllers, GivenNoMajorityWhenSetsAreImportedThenTheyAreToBeAskedAgainAndNotRefused) {
  const std::size_t leads = *leader();
  kill_node((leads + 1) % 3);
  kill_node((leads + 2) % 3);
  auto request = wire::make_request(wire::request_code::kGantryControllerImport);
  request.body =
      R"({"sets":[{"cluster":"c","set":"a","next_broker_id":3,"master_id":2,"master_epoch":7,"sync_state_set_epoch":9,)"
      R"("in_sync":[2],"replicas":[{"id":2,"address":"10.0.0.2:1"}]}]})";
  std::optional<Result<wire::Command>> answer;
  client->remoting().call(addresses[leads], request, 5s,
                          [&](Result<wire::Command> result) { answer = std::move(result); });
  ASSERT_TRUE(test::run_until(io, [&] { return answer.has_value(); }));
  ASSERT_TRUE(*answer);
  ASSERT_EQ((*answer)->code, rc::kSuccess) << (*answer)->remark;
  const json::value result = json::parse((*answer)->body).at(0);
  EXPECT_FALSE(result.at("imported").as_bool());
  EXPECT_TRUE(result.at("retry").as_bool()) << "nobody knows whether it was written: " << (*answer)->body;
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

TEST_F(Controllers, GivenAMasterWhoseConnectionWeCloseThenItStaysMaster) {
  join("a", "10.0.0.1:1", {});
  join("a", "10.0.0.2:1", {});
  ASSERT_TRUE(elect("a", 1, {}));
  ASSERT_TRUE(in_sync("a", {1, 2}, {}));
  wire::BrokerHeartbeatRequestHeader heartbeat;
  heartbeat.cluster_name = "c";
  heartbeat.broker_name = "a";
  heartbeat.broker_addr = "10.0.0.1:1";
  heartbeat.broker_id = 1;
  heartbeat.heartbeat_timeout_ms = 10'000;
  std::string bytes;
  ASSERT_TRUE(wire::encode_frame(wire::make_request(wire::request_code::kBrokerHeartbeat, heartbeat), bytes));
  for (const std::string& address : addresses) {
    asio::ip::tcp::socket socket(io);
    const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
    socket.connect({asio::ip::make_address(host), port});
    asio::write(socket, asio::buffer(bytes + std::string(64, '\xff')));  // its next frame is damaged
    boost::system::error_code end;
    std::string answer(1'000, ' ');
    while (!end) socket.read_some(asio::buffer(answer), end);
  }
  join("b", "10.0.0.3:1", {});  // in the log behind an election, had there been one
  const auto info = ask(client->replica_info("a"));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->master.master_broker_id, 1);
  EXPECT_EQ(info->master.master_epoch, 1);
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
  for (int i = 0; i < 2'000; ++i) {  // on their way when it ends
    auto request = wire::make_request(wire::request_code::kControllerGetReplicaInfo);
    request.fields.add("brokerName", "nobody");
    client->remoting().call(addresses[first], std::move(request), 3s, [](const Result<wire::Command>&) {});
  }
  test::run_until(io, [] { return false; }, 1ms);
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

struct SpreadControllers : Controllers {
  SpreadControllers() { options = {"--spread-brokers"}; }

  // Whom the broker is given by a node that it asks on the connection of its heartbeats.
  std::string given(Broker& broker, const std::string& asked) {
    const auto metadata = ask(broker.connection->metadata(asked));
    return metadata ? metadata->controller_leader_address.value_or("") : "";
  }
};

TEST_F(SpreadControllers, GivenManyBrokersThenEachNodeIsGivenSomeAndAllNodesGiveAlike) {
  for (int set = 0; set < 12; ++set) join("set-" + std::to_string(set), "10.0.0.1:" + std::to_string(set + 1), {});
  std::set<std::string> used;
  ASSERT_TRUE(eventually_asked([&] {
    used.clear();
    return std::ranges::all_of(brokers,
                               [&](auto& broker) {
                                 heartbeat(*broker);
                                 const std::string first = given(*broker, addresses[0]);
                                 used.insert(first);
                                 return given(*broker, addresses[1]) == first && given(*broker, addresses[2]) == first;
                               }) &&
           used.size() == 3;
  })) << testing::PrintToString(used);
  // a tool without heartbeats means the leader
  const std::size_t leads = *leader();
  for (const std::string& address : addresses) {
    const auto metadata = ask(client->metadata(address));
    ASSERT_TRUE(metadata);
    EXPECT_EQ(metadata->controller_leader_address, addresses[leads]);
  }
}

TEST_F(SpreadControllers, GivenANodeDiesThenItsBrokersAreGivenToOthersAndNoOtherOnesMove) {
  for (int set = 0; set < 12; ++set) join("set-" + std::to_string(set), "10.0.0.1:" + std::to_string(set + 1), {});
  const std::size_t leads = *leader();
  const std::size_t dies = (leads + 1) % 3;
  std::map<Broker*, std::string> before;
  ASSERT_TRUE(eventually_asked([&] {
    std::set<std::string> used;
    for (auto& broker : brokers) used.insert(before[broker.get()] = given(*broker, addresses[leads]));
    return used.size() == 3 && !used.contains("");
  }));
  kill_node(dies);
  const auto at = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually_asked([&] {
    return std::ranges::all_of(brokers, [&](auto& broker) {
      const std::string now = given(*broker, addresses[leads]);
      return now != addresses[dies] && !now.empty();
    });
  }));
  EXPECT_LT(std::chrono::steady_clock::now() - at, 3s);
  // A node that is late for a moment on a busy machine is given its own back: who had moved for good would not be.
  EXPECT_TRUE(eventually_asked([&] {
    return std::ranges::all_of(brokers, [&](auto& broker) {
      const std::string& first = before[broker.get()];
      return first == addresses[dies] || given(*broker, addresses[leads]) == first;
    });
  }));
}

struct LeaseControllers : Controllers {
  LeaseControllers() { options = {"--lease-reads"}; }
};

TEST_F(LeaseControllers, GivenALeaseThenReadsSeeEveryWriteAndTheyEndWithTheQuorum) {
  join("a", "10.0.0.1:1", {});
  ASSERT_TRUE(elect("a", 1, {}));
  const std::size_t stays = *leader();
  for (std::int32_t epoch = 2; epoch < 20; ++epoch) {
    auto read = ask(client->replica_info("a", addresses[stays]));
    ASSERT_TRUE(read) << read.error().error.message;
    ASSERT_EQ(read->in_sync.sync_state_set_epoch, epoch - 1);
    join("a", "10.0.0." + std::to_string(epoch) + ":1", {});
    std::vector<std::int64_t> ids;
    for (std::int64_t id = 1; id <= epoch; ++id) ids.push_back(id);
    ASSERT_TRUE(eventually_asked([&] {  // its heartbeat has come
      return alter("a", 1, 1, ids, epoch - 1, {}).has_value();
    }));
  }
  for (std::size_t n = 0; n < 3; ++n) {
    if (n != stays) kill_node(n);
  }
  EXPECT_TRUE(eventually_asked([&] { return !ask(client->replica_info("a", addresses[stays])); }))
      << "the lease is over, and nobody can renew it";
}

// With an operator's key and with certificates of one authority, both of which are asked of operators only.
struct SecuredControllers : Controllers {
  SecuredControllers() {
    host = "localhost";
    const net::TlsFiles files = authority.issue("localhost");
    options = {"--user",    "operator:secret", "--tls-cert", files.certificate_file,
               "--tls-key", files.key_file,    "--tls-ca",   authority.certificate_file()};
    certificate = authority.issue("an operator");
  }
  Ended operate(std::vector<std::string> arguments, const std::vector<std::string>& security) {
    arguments.insert(arguments.begin(), "controller");
    arguments.insert(arguments.end(), {"--endpoints", endpoints, "-o", "json"});
    arguments.insert(arguments.end(), security.begin(), security.end());
    return Running(directory, arguments).wait();
  }

  net::TestAuthority authority{"the controllers' authority"};
  net::TlsFiles certificate;
};

TEST_F(SecuredControllers, GivenBrokersInPlainThenTheyWorkAsEverAndOnlyOperatorsDesignateMasters) {
  const std::string follower = addresses[(*leader() + 1) % 3];
  join("a", "10.0.0.1:1", follower);
  join("a", "10.0.0.2:1", follower);
  ASSERT_TRUE(elect("a", 1, follower)) << "a broker's own wish, handed on over TLS";
  ASSERT_TRUE(in_sync("a", {1, 2}, follower));

  const std::vector<std::string> trust{"--tls", "--tls-ca", authority.certificate_file()};
  std::vector<std::string> with_certificate = trust;
  with_certificate.insert(with_certificate.end(),
                          {"--tls-cert", certificate.certificate_file, "--tls-key", certificate.key_file});
  const struct {
    const char* what;
    std::vector<std::string> security;
    const char* id;
    const char* error;  // null: allowed
  } cases[] = {
      {"nothing", {}, "2", "only operators may do this"},
      {"TLS alone", trust, "2", "only operators may do this"},
      {"a wrong key", {"--access-key", "operator", "--secret-key", "guessed"}, "2", "signature"},
      {"nobody's key", {"--access-key", "other", "--secret-key", "secret"}, "2", "no operator with access key other"},
      {"an operator's key", {"--access-key", "operator", "--secret-key", "secret"}, "2", nullptr},
      {"a certificate", with_certificate, "1", nullptr},
  };
  for (const auto& c : cases) {
    ASSERT_TRUE(in_sync("a", {1, 2}, follower));
    const Ended ended = operate({"elect", "a", "--broker-id", c.id}, c.security);
    EXPECT_EQ(ended.code, c.error ? 1 : 0) << c.what << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(c.error ? c.error : "")) << c.what;
    EXPECT_EQ(ended.err.find("secret\""), std::string::npos);
  }
  EXPECT_EQ(ask(client->replica_info("a"))->master.master_epoch, 3);
}

TEST_F(SecuredControllers, GivenAnOperatorAtAFollowerThenItIsHandedOnAndAForgedMarkOfThatOpensNothing) {
  join("a", "10.0.0.1:1", {});
  ASSERT_TRUE(elect("a", 1, {}));
  const std::size_t leads = *leader();
  rocketmq::ControllerClientConfig config;
  config.credentials.emplace();
  config.credentials->access_key = "operator";
  config.credentials->secret_key = "secret";
  const auto operator_client = connect(endpoints, config);
  wire::CleanControllerBrokerDataRequestHeader clean;
  clean.broker_name = "a";
  clean.is_clean_living_broker = true;
  for (const auto& [sender, address, allowed] : {
           std::tuple{client, addresses[leads], false},
           std::tuple{client, addresses[(leads + 1) % 3], false},
           std::tuple{operator_client, addresses[(leads + 1) % 3], true},
       }) {
    auto cleaned = ask(sender->clean_broker_data(clean, address));
    EXPECT_EQ(cleaned.has_value(), allowed) << address;
    if (!allowed) {
      EXPECT_EQ(cleaned.error().response_code, rc::kNoPermission) << cleaned.error().error.message;
    }
  }
  auto forged = wire::make_request(wire::request_code::kUpdateControllerConfig);
  forged.fields.add("gantryForwarded", "1");
  forged.body = "enableElectUncleanMaster=true";
  std::optional<Result<wire::Command>> answer;
  client->remoting().call(addresses[leads], forged, 3s, [&](Result<wire::Command> got) { answer = std::move(got); });
  ASSERT_TRUE(test::run_until(io, [&] { return answer.has_value(); }));
  ASSERT_TRUE(*answer);
  EXPECT_EQ((*answer)->code, rc::kNoPermission);
  operator_client->stop();
}

struct TlsOnlyControllers : SecuredControllers {
  TlsOnlyControllers() {
    options.push_back("--tls-required");
    trusting.ca_file = authority.certificate_file();
  }
  void SetUp() override {}  // the client of the other tests is plain
  net::TlsFiles trusting;
};

TEST_F(TlsOnlyControllers, GivenAPlainClientThenItIsClosedAndOneWithTlsIsServed) {
  const auto [port, unused] = free_ports();
  addresses = {"localhost:" + std::to_string(port)};
  endpoints = addresses[0];
  peers = "n0-" + endpoints;
  directory = std::filesystem::temp_directory_path() / ("gantry-controllers-" + std::to_string(getpid()));
  std::filesystem::create_directories(directory);
  nodes.resize(1);
  start(0);
  rocketmq::ControllerClientConfig config;
  config.tls = net::TlsContext::client(trusting).value();
  client = connect(endpoints, config);
  ASSERT_TRUE(leads_within(10s)) << log(0);
  const auto plain = connect(endpoints);
  EXPECT_FALSE(ask(plain->metadata(addresses[0])));
  EXPECT_TRUE(eventually([&] { return log(0).find("this port wants TLS") != std::string::npos; })) << log(0);
  plain->stop();
}

// Whose files are in a folder of the test's own, where they are replaced while the controllers run.
struct RenewedControllers : SecuredControllers {
  RenewedControllers() {
    directory = std::filesystem::temp_directory_path() / ("gantry-controllers-" + std::to_string(getpid()));
    tls = directory / "tls";
    std::filesystem::create_directories(tls);
    options = {"--tls-cert", tls / "tls.crt", "--tls-key", tls / "tls.key", "--tls-ca", tls / "ca.crt"};
    put({authority.certificate_file()}, "ca.crt");
    renew(authority);
  }
  // Its files side by side, as `name`.
  void put(const std::vector<std::string>& files, const std::string& name) {
    {
      std::ofstream out(tls / "new");
      for (const std::string& file : files) out << read_file(file);
    }
    std::filesystem::rename(tls / "new", tls / name);
  }
  void renew(net::TestAuthority& of) {
    const net::TlsFiles files = of.issue("localhost");
    put({files.key_file}, "tls.key");
    put({files.certificate_file}, "tls.crt");
  }
  static std::size_t count(const std::string& text, std::string_view words) {
    std::size_t found = 0;
    for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
    return found;
  }
  bool all_have_read(std::size_t times) {
    return eventually([&] {
      for (std::size_t n = 0; n < 3; ++n) {
        if (count(log(n), "because its files have changed") < times) return false;
      }
      return true;
    });
  }

  std::filesystem::path tls;
};

TEST_F(RenewedControllers, GivenAnotherAuthorityInStepsThenTheGroupGoesOnUnderItWithoutARestart) {
  net::TestAuthority next{"the next authority"};
  put({authority.certificate_file(), next.certificate_file()}, "ca.crt");
  ASSERT_TRUE(all_have_read(1)) << log(0);
  renew(next);
  ASSERT_TRUE(all_have_read(2)) << log(0);
  put({next.certificate_file()}, "ca.crt");
  ASSERT_TRUE(all_have_read(3)) << log(0);
  // who starts now knows nothing of the former authority, and talks with one that has never been restarted
  const std::size_t leads = *leader();
  const std::size_t anew = (leads + 1) % 3;
  kill_node(anew);
  start(anew);
  kill_node((leads + 2) % 3);
  EXPECT_TRUE(eventually_asked([&] {
    return ask(client->join({"c", "a", "10.0.0.1:1", "10.0.0.1:1;1"}, addresses[anew])).has_value();
  })) << log(leads)
      << log(anew);
}

// In the place of a controller: notes the serial number of each certificate that is shown to it, and closes.
struct CertificateNotes {
  CertificateNotes(asio::io_context& io, const net::TlsFiles& files)
      : context(net::TlsContext::server(files).value()), acceptor(io, {asio::ip::address_v4::loopback(), 0}) {
    accept();
  }
  void accept() {
    acceptor.async_accept([this](boost::system::error_code error, asio::ip::tcp::socket socket) {
      if (error) return;
      auto stream = std::make_shared<asio::ssl::stream<asio::ip::tcp::socket>>(std::move(socket), context->native());
      stream->async_handshake(asio::ssl::stream_base::server, [this, stream](boost::system::error_code failed) {
        if (!failed) serials.push_back(shown(*stream));
      });
      accept();
    });
  }
  static long shown(asio::ssl::stream<asio::ip::tcp::socket>& stream) {
    X509* certificate = SSL_get1_peer_certificate(stream.native_handle());
    const long serial = certificate ? ASN1_INTEGER_get(X509_get0_serialNumber(certificate)) : 0;
    X509_free(certificate);
    return serial;
  }
  std::shared_ptr<net::TlsContext> context;
  asio::ip::tcp::acceptor acceptor;
  std::vector<long> serials;
};

struct RenewedController : RenewedControllers {
  void SetUp() override {
    net::TlsFiles files = authority.issue("localhost");
    files.ca_file = authority.certificate_file();
    trusting = net::TlsContext::client({"", "", files.ca_file}).value();
    other.emplace(io, files);
    const auto [port, unused] = free_ports();
    own = port;
    peers = fmt::format("n0-localhost:{};n1-localhost:{}", port, other->acceptor.local_endpoint().port());
    nodes.resize(1);
    start(0);
  }
  // The serial of the certificate that the controller shows as a server.
  long served() {
    asio::ssl::stream<asio::ip::tcp::socket> stream(io, trusting->native());
    boost::system::error_code error;
    stream.next_layer().connect({asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(own)}, error);
    if (!error) stream.handshake(asio::ssl::stream_base::client, error);
    EXPECT_FALSE(error) << error.message();
    return CertificateNotes::shown(stream);
  }
  bool is_shown(long serial) {
    return eventually_asked([&] { return !other->serials.empty() && other->serials.back() == serial; });
  }

  std::optional<CertificateNotes> other;
  std::shared_ptr<net::TlsContext> trusting;
  int own = 0;
};

TEST_F(RenewedController, GivenANewCertificateThenNewConnectionsShowItAndOneThatCannotBeUsedIsNotTaken) {
  // the authority's own is 1, an operator's 3, the other controller's 5
  ASSERT_TRUE(is_shown(4)) << log(0);
  EXPECT_EQ(served(), 4);
  renew(authority);
  ASSERT_TRUE(is_shown(6)) << log(0);
  EXPECT_EQ(served(), 6);
  EXPECT_THAT(log(0), HasSubstr("new connections get the certificate with serial 06, valid until "));

  std::ofstream(tls / "tls.crt") << "no certificate";
  ASSERT_TRUE(eventually([&] { return count(log(0), "the certificate in use stays: serial 06") == 1; })) << log(0);
  const std::size_t before = other->serials.size();
  ASSERT_TRUE(eventually_asked([&] { return other->serials.size() >= before + 6; }));
  EXPECT_EQ(other->serials.back(), 6);
  EXPECT_EQ(served(), 6);
  EXPECT_EQ(count(log(0), "the certificate in use stays"), 1u) << "once for each change, not for each look";

  renew(authority);
  ASSERT_TRUE(is_shown(7)) << log(0);
  EXPECT_EQ(served(), 7);
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

TEST(ControllerCommand, GivenALogThatCannotBeMadeThenItEndsAndSaysWhichOne) {
  const auto directory = std::filesystem::temp_directory_path() / ("gantry-controller-" + std::to_string(getpid()));
  std::filesystem::create_directories(directory / "data");
  std::ofstream(directory / "data" / "log") << "a file where the directory should be";
  const auto [port, unused] = free_ports();
  Running controller(directory, {"controller", "--peers", "n0-127.0.0.1:" + std::to_string(port), "--data",
                                 (directory / "data").string()});
  const Ended ended = controller.wait();
  EXPECT_NE(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr((directory / "data" / "log").string()));
  std::filesystem::remove_all(directory);
}

TEST(ControllerCommand, GivenWhatCannotBeThenTheErrorSaysWhatAndWhere) {
  const auto directory = std::filesystem::temp_directory_path() / ("gantry-controller-" + std::to_string(getpid()));
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "c.properties") << "controllerDLegerPeers=n0-127.0.0.1\ncontrollerDLegerSelfId=n0\n";
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"controller", "--properties", (directory / "absent").string()}, "cannot be read"},
      {{"controller", "--properties", (directory / "c.properties").string()},
       "c.properties:1: controllerDLegerPeers: expected n0-host:port;n1-host:port, got \"n0-127.0.0.1\""},
      {{"controller", "--self", "n5", "--data", directory.string()},
       "--self: expected one of the names in --peers (n0), got \"n5\""},
      {{"controller", "--peers", "n0-127.0.0.1:99999"}, "--peers: expected n0-host:port;n1-host:port, got \"n0-127"},
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
