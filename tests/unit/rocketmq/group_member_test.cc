// A member of a group against brokers that take its heartbeats, refuse them, or forget it.
#include "rocketmq/group_member.h"

#include <gtest/gtest.h>

#include "queueing/subscription.h"
#include "unit/rocketmq/fake_cluster.h"

namespace gantry::rocketmq {
namespace {

using namespace fake;

class GroupMemberTest : public testing::Test {
 protected:
  // As a consumer has it: the loop of heartbeats keeps it.
  struct Owner {
    Owner(std::shared_ptr<Cluster> cluster, std::chrono::milliseconds interval)
        : member(std::move(cluster), errors,
                 {.group = "g",
                  .consume_type = wire::kConsumePop,
                  .from = ConsumeFrom::latest,
                  .subscriptions = {queueing::subscribe("t", "*", 1)},
                  .heartbeat_interval = interval}) {}
    ErrorsBySource errors;
    GroupMember member;
  };

  void SetUp() override {
    a = &servers.add_broker("broker-a");
    b = &servers.add_broker("broker-b");
    servers.add_topic("t", 1);
    cluster = servers.connect();
  }
  void TearDown() override {
    cluster->stop();
    io.restart();
    io.poll();
  }

  std::shared_ptr<Owner> make(std::chrono::milliseconds interval = 5ms) {
    return std::make_shared<Owner>(cluster, interval);
  }
  bool until(const std::function<bool()>& condition) { return run_until(io, condition); }
  int beats(Broker* broker) { return broker->calls[code::kHeartBeat]; }
  // b refuses the first heartbeat of the rejoining.
  void expect_that_rejoining_waits_for_b() {
    auto owner = make(1h);
    bool changed = false;
    GroupListener listener;
    listener.members_changed = [&] { changed = true; };
    owner->member.listen(std::move(listener));
    ASSERT_TRUE(await(io, owner->member.join(owner)));
    b->refuse(code::kHeartBeat, rc::kSystemError);
    owner->member.rejoin();
    owner->member.rejoin();  // is one
    ASSERT_TRUE(until([&] { return beats(b) == 2; }));
    EXPECT_FALSE(changed);
    EXPECT_TRUE(until([&] { return changed; }));
    EXPECT_EQ(beats(b), 3);
    owner->member.retire();
  }

  asio::io_context io{1};
  Servers servers{io};
  Broker* a = nullptr;
  Broker* b = nullptr;
  std::shared_ptr<Cluster> cluster;
};

TEST_F(GroupMemberTest, GivenAMemberThenEveryBrokerHearsOfItAgainAndAgainUntilItLeaves) {
  auto owner = make();
  int asked_before = 0;
  std::function<asio::awaitable<void>()> before = [&]() -> asio::awaitable<void> {
    ++asked_before;
    co_return;
  };
  ASSERT_TRUE(await(io, owner->member.join(owner, before)));
  EXPECT_EQ(asked_before, 0);  // the first one is the caller's
  ASSERT_TRUE(until([&] { return beats(a) >= 4 && beats(b) >= 4; }));
  EXPECT_GE(asked_before, 3);
  EXPECT_EQ(a->members["g"].count(owner->member.client_id()), 1U);
  owner->member.retire();
  await(io, owner->member.unregister());
  EXPECT_TRUE(a->members["g"].empty());
  EXPECT_TRUE(b->members["g"].empty());
  EXPECT_TRUE(until([&] { return owner.use_count() == 1; }));  // the loop has let go of it
  const int last = beats(a);
  EXPECT_EQ(await(io, owner->member.heartbeat()).error().code, Errc::cancelled);
  EXPECT_EQ(beats(a), last);
}

TEST_F(GroupMemberTest, GivenNoBrokerThatTakesTheFirstHeartbeatThenItDoesNotJoin) {
  for (Broker* broker : {a, b}) broker->refuse(code::kHeartBeat, rc::kSystemError);
  auto owner = make();
  EXPECT_FALSE(await(io, owner->member.join(owner)));
  EXPECT_TRUE(until([&] { return owner.use_count() == 1; }));  // no loop
  EXPECT_NE(owner->errors.oldest(), "");
  EXPECT_TRUE(await(io, owner->member.join(owner)));
  EXPECT_EQ(owner->errors.oldest(), "");
  owner->member.retire();
}

TEST_F(GroupMemberTest, GivenABrokerThatWasAwayThenMembersHaveChangedWhenAllKnowItAgain) {
  expect_that_rejoining_waits_for_b();
}

TEST_F(GroupMemberTest, GivenABrokerThatTookTheHeartbeatAndDidNotAnswerThenItHearsTheFarewellToo) {
  cluster->stop();
  cluster = servers.connect({}, 200ms);
  std::vector<remoting::Request> held;
  b->on(code::kHeartBeat, [&](remoting::Request& request) {
    b->members["g"][wire::decode_heartbeat(request.command.body)->client_id] = request.from;
    held.push_back(std::move(request));
  });
  auto owner = make(1h);
  ASSERT_TRUE(await(io, owner->member.join(owner)));
  ASSERT_EQ(b->members["g"].size(), 1U);
  owner->member.retire();
  await(io, owner->member.unregister());
  EXPECT_TRUE(a->members["g"].empty());
  EXPECT_TRUE(b->members["g"].empty());
}

TEST_F(GroupMemberTest, GivenASlaveThatAnswersNothingThenItIsToldAndNotWaitedFor) {
  cluster->stop();
  cluster = servers.connect({}, 1h);
  Broker& slave = servers.add_broker("broker-a");
  servers.routes["t"].broker_datas[0].broker_addrs[1] = slave.address();
  std::vector<remoting::Request> held;
  slave.on(code::kHeartBeat, [&](remoting::Request& request) { held.push_back(std::move(request)); });
  slave.on(code::kUnregisterClient, [&](remoting::Request& request) { held.push_back(std::move(request)); });
  auto owner = make(1h);
  int changed = 0;
  GroupListener listener;
  listener.members_changed = [&] { ++changed; };
  owner->member.listen(std::move(listener));
  ASSERT_TRUE(await(io, owner->member.join(owner)));
  EXPECT_TRUE(until([&] { return beats(&slave) == 1; }));
  owner->member.rejoin();
  EXPECT_TRUE(until([&] { return changed == 1; }));
  EXPECT_EQ(owner->errors.oldest(), "");
  owner->member.retire();
  await(io, owner->member.unregister());
  EXPECT_TRUE(until([&] { return slave.calls[code::kUnregisterClient] == 1; }));
  EXPECT_EQ(beats(&slave), 2);
}

// Nobody else would tell that it does not know us.
TEST_F(GroupMemberTest, GivenABrokerOfWhichASlaveIsLeftThenThatOneIsWaitedFor) {
  servers.routes["t"].broker_datas[1].broker_addrs = {{1, b->address()}};
  expect_that_rejoining_waits_for_b();
}

TEST_F(GroupMemberTest, GivenSomethingThatHappenedOnceThenItIsShownUntilAHeartbeatWentWell) {
  auto owner = make(1h);
  ASSERT_TRUE(await(io, owner->member.join(owner)));
  owner->member.note_event(Error{Errc::internal, "the handler threw"});
  EXPECT_EQ(owner->errors.oldest(), "the handler threw");
  ASSERT_TRUE(await(io, owner->member.heartbeat()));
  EXPECT_EQ(owner->errors.oldest(), "");
  owner->member.retire();
}

}  // namespace
}  // namespace gantry::rocketmq
