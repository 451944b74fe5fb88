// What a controller asks of the others over the wire, which the test plays: who may be named to brokers (Doors), requests
// that are handed on (Forwarder), and whether a group may be formed (Founding).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/doors.h"
#include "controller/forwarder.h"
#include "controller/founding.h"
#include "controller/twins.h"
#include "unit/controller/log_of_one.h"
#include "unit/drive.h"
#include "wire/gantry_codes.h"
#include "wire/headers/controller.h"

namespace gantry::controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
namespace rc = wire::response_code;

// Another controller: answers 1005 with `leader`, 19003 with `identity`, all else as told.
class PlayedPeer {
 public:
  explicit PlayedPeer(boost::asio::io_context& io) : server(io, {}) {
    server.handle(wire::request_code::kControllerGetMetadataInfo, [this](remoting::Request request) {
      wire::GetMetaDataResponseHeader header;
      header.group = "g";
      if (!leader.empty()) header.controller_leader_address = leader;
      auto response = request.reply.response(rc::kSuccess);
      wire::encode_header(header, response.fields);
      request.reply.send(std::move(response));
    });
    server.handle(wire::request_code::kGantryControllerIdentity, [this](remoting::Request request) {
      auto response = request.reply.response(rc::kSuccess);
      response.body = identity;
      request.reply.send(std::move(response));
    });
    server.handle_others([this](remoting::Request request) {
      asked.push_back(request.command);
      if (hangs_up) return request.from->close();
      auto response = request.reply.response(rc::kControllerInvalidMaster, "of the test");
      response.fields.add("masterEpoch", "7");
      response.body = "the body";
      request.reply.send(std::move(response));
    });
    EXPECT_TRUE(server.start());
  }
  net::Endpoint endpoint() const { return {"127.0.0.1", server.port()}; }

  remoting::Server server;
  std::string leader = "l:1";
  std::string identity;
  bool hangs_up = false;
  std::vector<wire::Command> asked;
};

class ControllerPeers : public testing::Test {
 protected:
  void SetUp() override {
    config.group = "g";
    config.self = "n0";
    config.peers = {{"n0", {"127.0.0.1", 1}}, {"n1", one.endpoint()}, {"n2", two.endpoint()}};
    raft::Members members;
    for (const Peer& peer : config.peers)
      members.list.push_back({++members.highest_id, net::to_string(peer.endpoint), true, peer.name, {}});
    members.list.push_back({++members.highest_id, "127.0.0.1:2", false, "a learner", {}});
    replica.on_members(members);
    directory.set_members(members);
    follow(2);
  }
  void TearDown() override {
    client.stop();
    io.restart();
    io.poll();
  }
  void follow(raft::NodeId leader) { replica.on_leadership({raft::Role::follower, 1, leader}); }
  template <class Condition>
  bool until(Condition condition) {
    return test::run_until(io, condition);
  }

  boost::asio::io_context io;
  PlayedPeer one{io}, two{io};
  remoting::Client client{io, {}};
  MonotonicMs now = 1'000;
  LogOfOne log;
  Replica replica{{}, log, {[this] { return now; }, [] { return std::int64_t{1}; }, [] {}}};
  Config config;
  Directory directory{config};
};

TEST_F(ControllerPeers, GivenPeersThatKnowALeaderThenTheyAndThisNodeAreOpenUntilTheySayOtherwise) {
  Doors doors(io, client, replica);
  doors.start(1);
  EXPECT_THAT(doors.open(), ElementsAre(1)) << "nobody has spoken yet";
  ASSERT_TRUE(until([&] { return doors.open().size() == 3; })) << "learners are none";
  one.leader.clear();
  ASSERT_TRUE(until([&] { return doors.open() == std::vector<raft::NodeId>{1, 3}; })) << "it knows none any more";
  two.server.stop();
  ASSERT_TRUE(until([&] { return doors.open() == std::vector<raft::NodeId>{1}; })) << "it is gone";
  doors.stop();
}

TEST_F(ControllerPeers, GivenAPeerThatHangsOrANodeWithoutALeaderThenItIsNotOpen) {
  Doors doors(io, client, replica);
  doors.start(1);
  ASSERT_TRUE(until([&] { return doors.open().size() == 3; }));
  doors.stop();
  now += 1'501;
  EXPECT_THAT(doors.open(), ElementsAre(1)) << "what they said is too old";
  follow(0);
  EXPECT_THAT(doors.open(), IsEmpty());
}

struct Forwarded : ControllerPeers {
  std::optional<wire::Command> forward(bool marked = false) {
    wire::Command command = wire::make_request(wire::request_code::kControllerElectMaster);
    command.opaque = 77;
    command.body = "as it came";
    command.fields.add("brokerName", "a");
    if (marked) command.fields.add("gantryForwarded", "1");
    std::optional<wire::Command> answer;
    remoting::Reply reply(command, [&](wire::Command response) { answer = std::move(response); });
    forwarder.forward({std::move(command), nullptr, std::move(reply)});
    EXPECT_TRUE(until([&] { return answer.has_value(); }));
    return answer;
  }
  Forwarder forwarder{client, replica, directory};
};

TEST_F(Forwarded, GivenALeaderThenItGetsTheRequestAsItCameAndItsAnswerIsRelayed) {
  const auto answer = forward();
  ASSERT_EQ(one.asked.size(), 1u);
  EXPECT_EQ(one.asked[0].body, "as it came");
  EXPECT_THAT(one.asked[0].fields.find("brokerName"), testing::Pointee(std::string("a")));
  EXPECT_TRUE(one.asked[0].fields.find("gantryForwarded"));
  EXPECT_EQ(answer->opaque, 77) << "under the number of who asked";
  EXPECT_EQ(answer->code, rc::kControllerInvalidMaster);
  EXPECT_EQ(answer->remark, "of the test");
  EXPECT_EQ(answer->body, "the body");
  EXPECT_THAT(answer->fields.find("masterEpoch"), testing::Pointee(std::string("7")));
}

TEST_F(Forwarded, GivenOneThatWasHandedOnToUsOrNoLeaderThenItGoesNoFurther) {
  EXPECT_EQ(forward(true)->code, rc::kControllerNotLeader) << "two nodes take each other for the leader";
  follow(0);
  EXPECT_EQ(forward()->code, rc::kControllerNotLeader);
  EXPECT_TRUE(one.asked.empty());
}

TEST_F(Forwarded, GivenALeaderThatDoesNotAnswerThenTheOutcomeIsUnknown) {
  one.hangs_up = true;
  const auto answer = forward();
  EXPECT_EQ(answer->code, rc::kControllerJraftInternalError);
  EXPECT_THAT(answer->remark, HasSubstr("the outcome is unknown"));
  EXPECT_EQ(one.asked.size(), 1u) << "never sent twice";
}

struct FoundingOf : ControllerPeers {
  std::string says(Identity identity) { return peer_identity_body(config, identity, {}); }

  Identity own{"mine", Identity::Stage::empty, {}, 0};
  std::vector<std::map<std::string, std::string>> formed;
  Founding founding{io,
                    client,
                    config,
                    own,
                    [this](auto tokens) { formed.push_back(std::move(tokens)); },
                    [](const Invitation&) { FAIL() << "nobody invites"; }};
};

TEST_F(FoundingOf, GivenPeersWithoutDataThenAGroupIsFormedOnceWithTheTokensOfAll) {
  one.identity = says({"of one", Identity::Stage::empty, {}, 0});
  two.identity = "no JSON";
  founding.start();
  ASSERT_TRUE(until([&] { return founding.why().find("no answer yet of n2") != std::string::npos; }))
      << founding.why() << ": one that cannot be read is no answer";
  EXPECT_TRUE(formed.empty());
  two.identity = says({"of two", Identity::Stage::empty, {}, 0});
  ASSERT_TRUE(until([&] { return !formed.empty(); }));
  EXPECT_THAT(formed, ElementsAre(ElementsAre(Pair("n0", "mine"), Pair("n1", "of one"), Pair("n2", "of two"))));
  EXPECT_FALSE(founding.force()) << "it is of a group already";
}

TEST_F(FoundingOf, GivenASilentPeerThenOnlyAnOperatorsWordFormsAGroupWithoutIt) {
  one.identity = says({"of one", Identity::Stage::empty, {}, 0});
  two.server.stop();
  founding.start();
  ASSERT_TRUE(until([&] { return founding.why().find("no answer yet of n2") != std::string::npos; }));
  ASSERT_TRUE(founding.force());
  EXPECT_THAT(formed, ElementsAre(ElementsAre(Pair("n0", "mine"), Pair("n1", "of one"))));
}

TEST_F(FoundingOf, GivenAPeerThatRemembersAnotherDiskThenNotEvenAnOperatorFormsAGroup) {
  one.identity = says({"of one", Identity::Stage::formed, {{"n0", "of the old disk"}}, 1});
  two.server.stop();
  founding.start();
  ASSERT_TRUE(until([&] { return founding.why().find("n1 is of a group") != std::string::npos; })) << founding.why();
  const auto forced = founding.force();
  ASSERT_FALSE(forced);
  EXPECT_THAT(forced.error().message, HasSubstr("n1 is of a group"));
  EXPECT_TRUE(formed.empty());
}

class ControllerTwins : public ControllerPeers {
 protected:
  // As the process at our address answers: with `token`, as `instance`.
  void plays(const std::string& token, const Instance& instance) {
    one.identity = peer_identity_body(config, {token, Identity::Stage::formed, {}, 0}, {}, instance);
  }
  void start(const net::Endpoint& recorded) {
    config.self = "n1";
    twins.emplace(io, client, config, own);
    twins->start(
        2, net::to_string(recorded), [this] { ++alone; }, [this](const Error& error) { found = error.message; });
  }

  const Identity own{"mine", Identity::Stage::formed, {}, 2};
  std::optional<Twins> twins;
  int alone = 0;
  std::string found;
};

TEST_F(ControllerTwins, GivenAnotherProcessWithOurTokenAtOurAddressThenThisOneTakesNoPartAndBothSayWhere) {
  plays("mine", {"another", "host a, process 7"});
  start(one.endpoint());
  ASSERT_TRUE(until([&] { return twins->why().find("runs twice") != std::string::npos; })) << twins->why();
  EXPECT_THAT(twins->why(), HasSubstr(net::to_string(one.endpoint()) + " (host a, process 7)"));
  EXPECT_EQ(alone, 0);

  Twins theirs(io, client, config, own);
  theirs.asked(R"({"token": "mine", "instance": "another", "where": "host b\n", "address": "10.0.0.9:1"})");
  EXPECT_THAT(theirs.seen(), HasSubstr("another process, at 10.0.0.9:1 (host b), uses a copy"));
}

TEST_F(ControllerTwins, GivenOurselvesAtOurAddressThenThisOneTakesPartUntilAnotherIsThere) {
  config.self = "n1";
  twins.emplace(io, client, config, own);
  plays("mine", twins->instance());
  twins->start(2, net::to_string(one.endpoint()), [&] { ++alone; }, [&](const Error& error) { found = error.message; });
  ASSERT_TRUE(until([&] { return alone == 1; }));
  EXPECT_EQ(twins->why(), "");
  twins->asked(R"({"token": "mine", "instance": ")" + twins->instance().id + R"(", "address": "10.0.0.9:1"})");
  twins->asked(R"({"token": "of another", "instance": "another", "address": "10.0.0.9:1"})");
  twins->asked("no JSON");
  twins->asked("");
  EXPECT_EQ(twins->seen(), "");
  plays("mine", {"another", "host a, process 7"});
  ASSERT_TRUE(test::run_until(io, [&] { return !found.empty(); }, std::chrono::seconds(10)));
  EXPECT_THAT(found, HasSubstr("runs twice"));
  EXPECT_EQ(alone, 1);
}

TEST_F(ControllerTwins, GivenSilenceThenOnlyWhoIsAtTheRecordedAddressTakesPart) {
  config.peers[1].endpoint = {"127.0.0.1", 2};
  start({"127.0.0.1", 3});
  ASSERT_TRUE(until([&] { return twins->why().find("takes no part") != std::string::npos; }));
  EXPECT_THAT(twins->why(), HasSubstr("the group knows n1 (node 2) at 127.0.0.1:3, where nobody answers"));
  EXPECT_THAT(twins->why(), HasSubstr("members replace n1-127.0.0.1:2"));
  EXPECT_EQ(alone, 0);
  twins->stop();
  start({"127.0.0.1", 2});
  EXPECT_TRUE(until([&] { return alone == 1; }))
      << "a network in which a node cannot reach itself is no reason to stop";
  twins->stop();
  start(one.endpoint());
  plays("of another", {"another", ""});
  ASSERT_TRUE(until([&] { return twins->why().find("n1 of group g answers") != std::string::npos; })) << twins->why();
}

TEST(PeerIdentityBody, GivenMembersThenTheyAreReadAsTheyWereAndOddOnesAreLeftOut) {
  Config config;
  config.group = "g";
  config.self = "n0";
  config.peers = {{"n0", {"a", 1}}};
  const raft::Members members{{{1, "a:1", true, "n0", ""}, {4, "d:1", false, "n3", "token"}}, 4};
  const Identity identity{"mine", Identity::Stage::formed, {{"n0", "mine"}}, 1};
  const std::string body = peer_identity_body(config, identity, members);
  const auto read = parse_peer_identity(body);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->group, "g");
  EXPECT_EQ(read->name, "n0");
  EXPECT_EQ(read->peers, "n0-a:1");
  EXPECT_EQ(read->identity, identity);
  EXPECT_EQ(read->members.list, members.list);

  std::string odd = body;
  odd.replace(odd.find("\"id\":4"), 6, "\"id\":{}");
  ASSERT_TRUE(parse_peer_identity(odd)) << odd;
  EXPECT_EQ(parse_peer_identity(odd)->members.list.size(), 1u);
  for (const char* bad : {"", "{}", "[]", R"({"group":"g","peers":"p"})", R"({"group":"g","peers":"p","identity":{}})"})
    EXPECT_FALSE(parse_peer_identity(bad)) << bad;
}

}  // namespace
}  // namespace gantry::controller
