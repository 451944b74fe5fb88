// The client of controllers against controllers that the test plays: finding the leader, what is asked again and what is
// not, and answers of every request.
#include "rocketmq/controller_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/rocketmq/fake_broker.h"
#include "wire/codes.h"

namespace gantry::rocketmq {
namespace {

using namespace fake;
using testing::HasSubstr;

// Answers 1005 as told, and everything else with `answer`.
class FakeController {
 public:
  explicit FakeController(asio::io_context& io) : server(io, {}) {
    server.handle(code::kControllerGetMetadataInfo, [this](remoting::Request request) {
      ++metadata_calls;
      wire::GetMetaDataResponseHeader header;
      header.group = "g";
      if (!leader.empty()) header.controller_leader_address = leader;
      header.is_leader = leader == address();
      auto response = request.reply.response(rc::kSuccess);
      wire::encode_header(header, response.fields);
      request.reply.send(std::move(response));
    });
    server.handle_others([this](remoting::Request request) {
      requests.push_back(request.command);
      wire::Command response = request.reply.response(code_answered, "of the test");
      response.fields = fields;
      response.body = body;
      request.reply.send(std::move(response));
    });
    EXPECT_TRUE(server.start());
  }
  std::string address() const { return fmt::format("127.0.0.1:{}", server.port()); }

  remoting::Server server;
  std::string leader;  // who it says leads
  int metadata_calls = 0;
  std::int32_t code_answered = rc::kSuccess;
  wire::Fields fields;
  std::string body;
  std::vector<wire::Command> requests;
};

class ControllerClientTest : public testing::Test {
 protected:
  void SetUp() override {
    ControllerClientConfig config;
    config.endpoints = one.address() + ";" + two.address();
    auto made = ControllerClient::create(io, config);
    ASSERT_TRUE(made);
    client = *made;
  }
  void TearDown() override { client->stop(); }

  asio::io_context io{1};
  FakeController one{io};
  FakeController two{io};
  std::shared_ptr<ControllerClient> client;
};

TEST_F(ControllerClientTest, GivenAFollowerWhenAskedThenTheLeaderThatItNamesGetsTheRequestsAndIsRemembered) {
  one.leader = two.address();
  two.body = R"({"syncStateSet":[1,2],"syncStateSetEpoch":4})";
  two.fields.add("masterBrokerId", "1");
  two.fields.add("masterAddress", "127.0.0.1:10911");
  two.fields.add("masterEpoch", "3");
  for (int i = 0; i < 2; ++i) {
    auto info = await(io, client->replica_info("broker-a"));
    ASSERT_TRUE(info) << info.error().error.message;
    EXPECT_EQ(info->master.master_broker_id, 1);
    EXPECT_EQ(info->master.master_epoch, 3);
    EXPECT_EQ(info->in_sync, (wire::SyncStateSet{{1, 2}, 4}));
  }
  EXPECT_EQ(one.metadata_calls, 1);
  EXPECT_EQ(two.requests.size(), 2U);
}

TEST_F(ControllerClientTest, GivenALeaderThatIsNoneAnyMoreWhenItRefusesThenTheNewOneIsAskedOnce) {
  one.leader = one.address();
  one.code_answered = rc::kControllerNotLeader;
  ASSERT_TRUE(await(io, client->find_leader()));
  one.leader = two.address();
  two.fields.add("nextBrokerId", "3");
  const wire::GetNextBrokerIdRequestHeader header{"c", "b"};
  EXPECT_EQ(await(io, client->next_broker_id(header)).value(), 3);
  one.leader = one.address();  // both refuse now: no third try
  two.code_answered = rc::kControllerNotLeader;
  auto refused = await(io, client->next_broker_id(header));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().response_code, rc::kControllerNotLeader);
}

TEST_F(ControllerClientTest, GivenNoLeaderThenTheErrorSaysOfEachWhatItSaid) {
  two.server.stop();
  auto found = await(io, client->find_leader());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().response_code, std::nullopt);
  EXPECT_EQ(found.error().error.code, Errc::unavailable);
  EXPECT_THAT(found.error().error.message, HasSubstr("controller " + one.address() + " knows no leader; controller "));
}

TEST_F(ControllerClientTest, GivenARefusalThenItsCodeAndRemarkAreInTheError) {
  one.leader = one.address();
  one.code_answered = rc::kControllerFencedMasterEpoch;
  auto altered = await(io, client->alter_sync_state_set({"b", 1, 7, {}}, {{1, 2}, 3}));
  ASSERT_FALSE(altered);
  EXPECT_EQ(altered.error().response_code, rc::kControllerFencedMasterEpoch);
  EXPECT_THAT(altered.error().error.message, HasSubstr("answered 2000: of the test"));
  ASSERT_EQ(one.requests.size(), 1U);
  EXPECT_EQ(one.requests[0].body, R"({"syncStateSet":[1,2],"syncStateSetEpoch":3})");
  EXPECT_EQ(one.requests[0].fields.get("masterEpoch"), "7");
}

TEST_F(ControllerClientTest, GivenAMasterThatStaysWhenElectedThenItIsAnAnswerAndNoChange) {
  one.leader = one.address();
  one.code_answered = rc::kControllerMasterStillExist;
  one.fields.add("masterBrokerId", "1");
  one.body = R"({"syncStateSet":[1]})";
  auto elected = await(io, client->elect_master({"c", "b", 2, false, {}}));
  ASSERT_TRUE(elected) << elected.error().error.message;
  EXPECT_FALSE(elected->changed);
  EXPECT_EQ(elected->master.master_broker_id, 1);
  EXPECT_EQ(elected->body.sync_state_set, std::vector<std::int64_t>{1});
}

TEST_F(ControllerClientTest, GivenANewBrokerWhenItJoinsThenItAsksAppliesAndRegistersWithTheSameId) {
  one.leader = one.address();
  one.fields.add("nextBrokerId", "2");
  one.body = R"({"syncStateSet":[1],"syncStateSetEpoch":1})";
  auto joined = await(io, client->join({"c", "b", "127.0.0.1:10911", "127.0.0.1:10911;5"}));
  ASSERT_TRUE(joined) << joined.error().error.message;
  EXPECT_EQ(joined->broker_id, 2);
  EXPECT_EQ(joined->registered.in_sync.sync_state_set_epoch, 1);
  ASSERT_EQ(one.requests.size(), 3U);
  EXPECT_EQ(one.requests[0].code, code::kControllerGetNextBrokerId);
  EXPECT_EQ(one.requests[1].fields.get("appliedBrokerId"), "2");
  EXPECT_EQ(one.requests[1].fields.get("registerCheckCode"), "127.0.0.1:10911;5");
  EXPECT_EQ(one.requests[2].fields.get("brokerId"), "2");
  EXPECT_EQ(one.requests[2].fields.get("brokerAddress"), "127.0.0.1:10911");
}

TEST_F(ControllerClientTest, GivenPropertiesWhenReadAndWrittenThenTheyAreLinesOfText) {
  one.body = "# comment\ncontrollerType=DLedger\ncontrollerDLegerPeers=n0-127.0.0.1:9877\nempty=\nlast=a=b";
  auto config = await(io, client->config(one.address()));
  ASSERT_TRUE(config) << config.error().error.message;
  EXPECT_EQ(*config, (std::map<std::string, std::string>{{"controllerType", "DLedger"},
                                                         {"controllerDLegerPeers", "n0-127.0.0.1:9877"},
                                                         {"empty", ""},
                                                         {"last", "a=b"}}));
  ASSERT_TRUE(await(io, client->update_config(one.address(), {{"a", "1"}, {"b", "2"}})));
  EXPECT_EQ(one.requests.back().code, code::kUpdateControllerConfig);
  EXPECT_EQ(one.requests.back().body, "a=1\nb=2\n");
}

TEST_F(ControllerClientTest, GivenAnAnswerThatCannotBeReadThenTheErrorHasNoResponseCode) {
  one.leader = one.address();
  one.body = "[]";
  auto data = await(io, client->sync_state_data({"b"}));
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().response_code, std::nullopt);
  EXPECT_EQ(data.error().error.message, "answer of a controller: expected an object, got an array");
  EXPECT_EQ(one.requests.back().body, R"(["b"])");
  one.body.clear();
  ASSERT_TRUE(await(io, client->clean_broker_data({{}, "b", "1;2", false, {}})));
  EXPECT_EQ(one.requests.back().fields.get("brokerControllerIdsToClean"), "1;2");
}

TEST_F(ControllerClientTest, GivenAHeartbeatThenItIsOneWay) {
  client->heartbeat(two.address(), {"c", "127.0.0.1:1", "b", 1, 2, 3, 4, 5, 6});
  while (two.requests.empty()) io.run_one();
  EXPECT_EQ(two.requests[0].code, code::kBrokerHeartbeat);
  EXPECT_TRUE(two.requests[0].is_oneway());
  EXPECT_EQ(two.requests[0].fields.get("electionPriority"), "6");
}

}  // namespace
}  // namespace gantry::rocketmq
