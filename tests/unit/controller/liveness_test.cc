#include "controller/liveness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace gantry::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Why = LostBroker::Why;

constexpr MonotonicMs kStart = 1'000'000;

class LivenessTest : public testing::Test {
 protected:
  Liveness::Seen heartbeat(std::int64_t id, std::int64_t timeout_ms = 1'000, std::uint64_t connection = 0,
                           std::int32_t epoch = 1, std::int64_t offset = 100) {
    Heartbeat heartbeat{"c", "set", id, "10.0.0.1:10911", epoch, offset, timeout_ms};
    heartbeat.connection = connection != 0 ? connection : static_cast<std::uint64_t>(100 + id);
    return book.on_heartbeat(heartbeat, now);
  }
  // Time passes in steps as the owner's timer makes them; who was lost by then.
  std::vector<std::pair<std::int64_t, Why>> pass(MonotonicMs ms, MonotonicMs step = 20) {
    const MonotonicMs until = now + ms;
    std::vector<LostBroker> lost;
    while (now < until) {
      now = std::min(until, now + step);
      book.expire(now, lost);
    }
    return told(lost);
  }
  static std::vector<std::pair<std::int64_t, Why>> told(const std::vector<LostBroker>& lost) {
    std::vector<std::pair<std::int64_t, Why>> all;
    for (const auto& broker : lost) all.emplace_back(broker.broker_id, broker.why);
    return all;
  }
  std::vector<std::pair<std::int64_t, Why>> close(std::uint64_t connection) {
    std::vector<LostBroker> lost;
    book.on_closed(connection, lost);
    return told(lost);
  }
  bool alive(std::int64_t id) { return book.alive("c", "set", id, now); }
  replication::ReplicaSet set(std::optional<std::int64_t> master) {
    replication::ReplicaSet set;
    set.cluster_name = "c";
    set.broker_name = "set";
    set.master_id = master;
    set.members = {{1, "a:1", ""}, {2, "b:1", ""}, {3, "c:1", ""}};
    return set;
  }

  Liveness book;
  MonotonicMs now = kStart;
};

TEST_F(LivenessTest, GivenHeartbeatsThenTheBrokerIsAliveUntilItsOwnTimeoutAndItsLossIsToldOnceWithin100Ms) {
  EXPECT_EQ(heartbeat(1), Liveness::Seen::back);
  EXPECT_THAT(pass(900), IsEmpty());
  EXPECT_EQ(heartbeat(1), Liveness::Seen::again);
  EXPECT_THAT(pass(1'000), IsEmpty());
  EXPECT_TRUE(alive(1));
  EXPECT_THAT(pass(100), ElementsAre(std::pair(1, Why::silent)));
  EXPECT_FALSE(alive(1));
  EXPECT_THAT(pass(10'000), IsEmpty());
  EXPECT_EQ(heartbeat(1), Liveness::Seen::back);
  EXPECT_THAT(pass(1'100), ElementsAre(std::pair(1, Why::silent)));
}

TEST_F(LivenessTest, GivenATimeoutLongerThanTheWheelOrOneThatBecomesShorterThenItIsKept) {
  heartbeat(1, 120'000);
  heartbeat(2, 120'000);
  EXPECT_THAT(pass(60'000), IsEmpty());
  heartbeat(2, 500);
  EXPECT_THAT(pass(500), IsEmpty());
  EXPECT_THAT(pass(100), ElementsAre(std::pair(2, Why::silent)));
  EXPECT_THAT(pass(120'000 - 60'600), IsEmpty());
  EXPECT_THAT(pass(100), ElementsAre(std::pair(1, Why::silent)));
}

TEST_F(LivenessTest, GivenAnOwnerThatPausedThenWhatWasDueMeanwhileIsTold) {
  heartbeat(1);
  heartbeat(2, 50'000);
  EXPECT_THAT(pass(40'000, 40'000), ElementsAre(std::pair(1, Why::silent)));
  EXPECT_THAT(pass(300'000, 300'000), ElementsAre(std::pair(2, Why::silent)));
}

TEST_F(LivenessTest, GivenAClosedConnectionThenItsBrokersAreLostAtOnceAndNotAgainByTheirTimeout) {
  heartbeat(1, 1'000, 7);
  heartbeat(2, 1'000, 7);
  heartbeat(3, 1'000, 8);
  EXPECT_THAT(close(7), ElementsAre(std::pair(1, Why::connection_closed), std::pair(2, Why::connection_closed)));
  EXPECT_FALSE(alive(1));
  EXPECT_TRUE(alive(3));
  EXPECT_THAT(close(7), IsEmpty());
  EXPECT_THAT(pass(1'100), ElementsAre(std::pair(3, Why::silent)));
}

TEST_F(LivenessTest, GivenAConnectionThatWeDroppedThenItsBrokersHaveTheRestOfTheirTimeouts) {
  heartbeat(1, 1'000, 7);
  heartbeat(2, 1'000, 7);
  book.on_dropped(7);
  EXPECT_TRUE(alive(1));
  EXPECT_FALSE(book.identity(7));
  EXPECT_THAT(close(7), IsEmpty());
  EXPECT_THAT(pass(900), IsEmpty());
  EXPECT_EQ(heartbeat(1, 1'000, 8), Liveness::Seen::again);
  EXPECT_THAT(pass(200), ElementsAre(std::pair(2, Why::silent)));
  EXPECT_THAT(close(8), ElementsAre(std::pair(1, Why::connection_closed)));
}

TEST_F(LivenessTest, GivenABrokerThatConnectedAnewWhenItsFormerConnectionClosesThenItStays) {
  heartbeat(1, 1'000, 7);
  heartbeat(1, 1'000, 8);
  EXPECT_THAT(close(7), IsEmpty());
  EXPECT_TRUE(alive(1));
  EXPECT_FALSE(book.identity(7));
  ASSERT_TRUE(book.identity(8));
  EXPECT_EQ(book.identity(8)->broker_id, 1);
  EXPECT_THAT(close(8), ElementsAre(std::pair(1, Why::connection_closed)));
}

TEST_F(LivenessTest, GivenBrokersThatStaySilentWhenTheyAreMembersOfNoSetThenTheyAreForgotten) {
  book = Liveness(4);
  const auto member = [](std::string_view cluster, std::string_view set, std::int64_t id) {
    return cluster == "c" && set == "set" && id == 2;
  };
  for (std::int64_t id : {1, 2, 3, 4}) heartbeat(id);
  EXPECT_EQ(heartbeat(5), Liveness::Seen::refused);
  EXPECT_EQ(book.on_heartbeat({.cluster_name = "c", .broker_name = "set", .broker_id = 6}, now, true),
            Liveness::Seen::back)
      << "a member";
  book.forget("c", "set", 6);
  now += Liveness::kForgottenAfterMs + 900;
  heartbeat(3);
  book.forget_silent(now, 100, member);
  EXPECT_EQ(book.size(), 4u) << "not yet";
  now += 200;
  book.forget_silent(now, 1, member);
  EXPECT_GE(book.size(), 3u) << "no more than it was asked to look at";
  book.forget_silent(now, 100, member);
  EXPECT_EQ(book.size(), 2u);
  EXPECT_TRUE(alive(3));
  EXPECT_EQ(heartbeat(5), Liveness::Seen::back);
  EXPECT_EQ(heartbeat(2), Liveness::Seen::back);
  EXPECT_THAT(pass(1'100).size(), 3u);
}

TEST_F(LivenessTest, GivenTwoHeartbeatsOfOneBrokerThenTheOneWithMoreDataCountsUntilItWasLost) {
  heartbeat(1, 1'000, 0, 3, 500);
  heartbeat(1, 1'000, 0, 3, 400);
  EXPECT_EQ(book.facts(set(1), now)[0].max_offset, 500);
  heartbeat(1, 1'000, 0, 4, 100);
  EXPECT_EQ(book.facts(set(1), now)[0].epoch, 4);
  EXPECT_EQ(book.facts(set(1), now)[0].max_offset, 100);
  pass(2'000);
  heartbeat(1, 1'000, 0, 2, 50);  // its disk was replaced
  EXPECT_EQ(book.facts(set(1), now)[0].epoch, 2);
  EXPECT_EQ(book.facts(set(1), now)[0].max_offset, 50);
}

TEST_F(LivenessTest, GivenANewLeaderThenItJudgesNobodyBeforeAFullTimeoutOfItsOwn) {
  heartbeat(1);
  heartbeat(2);
  EXPECT_EQ(pass(3'000).size(), 2u) << "as a follower it sees them go";
  book.lead(now);
  book.expect("c", "set", 3, 2'000, now);
  EXPECT_THAT(pass(900), IsEmpty());
  heartbeat(2);
  EXPECT_THAT(pass(200), ElementsAre(std::pair(1, Why::silent)));
  EXPECT_THAT(pass(850), ElementsAre(std::pair(2, Why::silent)));
  EXPECT_THAT(pass(150), ElementsAre(std::pair(3, Why::never_heard)));
}

TEST_F(LivenessTest, GivenANewLeaderThenOnlyTheMasterIsPresumedAliveInFacts) {
  book.lead(now);
  for (std::int64_t id : {1, 2, 3}) book.expect("c", "set", id, 1'000, now);
  heartbeat(3);
  const auto facts = book.facts(set(1), now);
  EXPECT_TRUE(facts[0].alive) << "nobody can say yet that the master is gone";
  EXPECT_FALSE(facts[1].alive) << "nobody can say that it could be master";
  EXPECT_TRUE(facts[2].alive);
  EXPECT_EQ(facts[0].epoch, -1);
  book.follow();
  EXPECT_FALSE(book.facts(set(1), now)[0].alive);
}

TEST_F(LivenessTest, GivenAPresumedMasterWhoseConnectionClosesThenItIsLostAtOnce) {
  heartbeat(1, 10'000, 7);
  book.lead(now);
  EXPECT_THAT(close(7), ElementsAre(std::pair(1, Why::connection_closed)));
  EXPECT_FALSE(book.facts(set(1), now)[0].alive);
  EXPECT_THAT(pass(20'000), IsEmpty());
}

TEST_F(LivenessTest, GivenOneNameInTwoClustersThenTheyAreTwoSets) {
  book.on_heartbeat({.cluster_name = "other", .broker_name = "set", .broker_id = 1, .connection = 5}, now);
  EXPECT_FALSE(alive(1));
  EXPECT_FALSE(book.facts(set(1), now)[0].alive);
  EXPECT_TRUE(book.alive("other", "set", 1, now));
}

TEST_F(LivenessTest, GivenABrokerThatIsForgottenThenItsPlaceIsUsedAgainAndNothingOfItIsTold) {
  heartbeat(1);
  book.forget("c", "set", 1);
  book.forget("c", "set", 1);
  EXPECT_EQ(book.size(), 0u);
  heartbeat(2, 5'000);
  EXPECT_THAT(pass(4'000), IsEmpty());
  EXPECT_EQ(book.size(), 1u);
  EXPECT_TRUE(alive(2));
}

TEST_F(LivenessTest, GivenWildTimeoutsThenTheyAreBounded) {
  heartbeat(1, -5);
  heartbeat(2, std::numeric_limits<std::int64_t>::max());
  EXPECT_TRUE(alive(1));
  EXPECT_THAT(pass(Liveness::kTimeoutMinMs + 100), ElementsAre(std::pair(1, Why::silent)));
  EXPECT_TRUE(alive(2));
}

// Against a book that scans: the same brokers are lost, never early, never more than 100 ms late.
TEST(LivenessBySeed, GivenRandomHeartbeatsAndClosuresThenLossesComeInTimeAndOnce) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random(seed);
    Liveness book;
    struct Real {
      MonotonicMs last = -1;
      std::int64_t timeout = 0;
      bool up = false;
    };
    std::map<std::int64_t, Real> real;
    MonotonicMs now = static_cast<MonotonicMs>(random() % 1'000'000);
    for (int step = 0; step < 3'000; ++step) {
      now += static_cast<MonotonicMs>(random() % 30);
      const auto id = static_cast<std::int64_t>(1 + random() % 20);
      std::vector<LostBroker> lost;
      book.expire(now, lost);
      for (const auto& broker : lost) {
        Real& it = real[broker.broker_id];
        ASSERT_TRUE(it.up) << "seed " << seed;
        ASSERT_GT(now, it.last + it.timeout) << "seed " << seed;
        it.up = false;
      }
      for (const auto& [other, it] : real) {
        ASSERT_TRUE(!it.up || now <= it.last + it.timeout + 100) << "seed " << seed << " broker " << other;
      }
      if (random() % 3 == 0) {
        const auto timeout = static_cast<std::int64_t>(100 + random() % 400);
        book.on_heartbeat({.cluster_name = "c",
                           .broker_name = "s",
                           .broker_id = id,
                           .timeout_ms = timeout,
                           .connection = static_cast<std::uint64_t>(id)},
                          now);
        real[id] = {now, timeout, true};
      } else if (random() % 40 == 0) {
        std::vector<LostBroker> closed;
        book.on_closed(static_cast<std::uint64_t>(id), closed);
        ASSERT_EQ(closed.size(), real[id].up ? 1u : 0u) << "seed " << seed;
        real[id].up = false;
      }
    }
  }
}

}  // namespace
}  // namespace gantry::controller
