// What a node learns of the others' silence, from its own group or from the leader, which the test plays.
#include "controller/member_watch.h"

#include <gtest/gtest.h>

#include "remoting/server.h"
#include "unit/controller/log_of_one.h"
#include "unit/drive.h"
#include "wire/codes.h"
#include "wire/gantry_codes.h"

namespace gantry::controller {
namespace {

class MemberWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    server.handle(wire::request_code::kGantryControllerMembers, [this](remoting::Request request) {
      ++asked;
      auto response = request.reply.response(code);
      response.body =
          R"([{"id":1,"alive":true,"lag":0},{"id":2,"alive":true,"lag":7},{"id":3,"alive":false,"lag":null}])";
      request.reply.send(std::move(response));
    });
    ASSERT_TRUE(server.start());
    const raft::Members members{
        {{1, fmt::format("127.0.0.1:{}", server.port()), true, "n0"}, {2, "b:1", true, "n1"}, {3, "c:1", true, "n2"}},
        3};
    replica.on_members(members);
    directory.set_members(members);
    replica.on_leadership({raft::Role::follower, 2, 1});
  }
  void TearDown() override {
    client.stop();
    server.stop();
    io.restart();
    io.poll();
  }
  NodeView view() {
    NodeView shown = view_of(replica, directory, config);
    watch.add_to(shown);
    return shown;
  }
  bool asks() {
    const int before = asked;
    watch.tick(true);
    return test::run_until(
               io, [&] { return asked > before; }, std::chrono::seconds(5)) &&
           (test::run_until(io, [] { return false; }, std::chrono::milliseconds(50)), true);
  }

  boost::asio::io_context io;
  MonotonicMs now = 10'000;
  LogOfOne log;
  Replica replica{{}, log, {[this] { return now; }, [] { return std::int64_t{1}; }, [] {}}};
  Config config;
  Directory directory{config};
  remoting::Client client{io, {}};
  remoting::Server server{io, {}};
  std::int32_t code = wire::response_code::kSuccess;
  int asked = 0;
  MemberWatch watch{client, replica, directory, [](const auto& done) { done({}); }};
};

TEST_F(MemberWatchTest, GivenAFollowerThenItSaysWhoIsSilentAsTheLeaderDoesAndForgetsItSoon) {
  EXPECT_EQ(view().members[2].alive, std::nullopt);
  ASSERT_TRUE(asks());
  EXPECT_EQ(view().members[1].alive, true);
  EXPECT_EQ(view().members[1].lag, 7u);
  EXPECT_EQ(view().members[2].alive, false);
  EXPECT_EQ(view().members[2].lag, std::nullopt);
  watch.tick(true);
  EXPECT_EQ(asked, 1) << "a second is not over";

  code = wire::response_code::kControllerNotLeader;
  now += 3'001;
  ASSERT_TRUE(asks());
  EXPECT_EQ(view().members[2].alive, std::nullopt) << "what is old is not known any more";
}

TEST_F(MemberWatchTest, GivenAnotherLeaderOrNobodyWhoLooksThenNothingIsKnown) {
  ASSERT_TRUE(asks());
  replica.on_leadership({raft::Role::follower, 3, 2});
  EXPECT_EQ(view().members[2].alive, std::nullopt) << "said by the former one";
  replica.on_leadership({raft::Role::follower, 4, 1});
  watch.tick(false);
  EXPECT_EQ(view().members[2].alive, std::nullopt);
  now += 10'000;
  watch.tick(false);
  EXPECT_FALSE(test::run_until(io, [&] { return asked > 1; }, std::chrono::milliseconds(50)));
}

TEST(MemberNewsOfALeader, GivenSomethingElseThenItIsNoNews) {
  for (const char* body :
       {"", "{}", "[1]", R"([{"id":1}])", R"([{"id":-1,"alive":true}])", R"([{"id":"x","alive":true}])"})
    EXPECT_FALSE(parse_member_news(body)) << body;
  EXPECT_TRUE(parse_member_news("[]"));
}

}  // namespace
}  // namespace gantry::controller
