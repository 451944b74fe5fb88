#include <gtest/gtest.h>

#include <algorithm>

#include "unit/raft/cluster.h"

namespace gantry::raft::group_test {
namespace {

constexpr std::uint64_t kLeaseMs = 240;

struct GroupLease : ::testing::Test {
  GroupLease() : cluster(3, {}, [](GroupConfig& config) { config.lease_ms = kLeaseMs; }) {
    leader = cluster.elect();
    cluster.propose(leader, "a");
    cluster.settle();
  }
  void read(std::uint64_t now_ms) {
    auto round = cluster.group(leader).read_round(now_ms);
    ASSERT_TRUE(round);
    cluster.handle(leader);
  }
  std::optional<Index> by_lease(std::uint64_t now_ms) const {
    return cluster.nodes.at(leader).group->read_by_lease(now_ms);
  }

  Cluster cluster;
  NodeId leader = 0;
};

TEST_F(GroupLease, GivenARoundThatAMajorityAnsweredThenTheLeaderReadsWithoutOneUntilTheLeaseEnds) {
  EXPECT_FALSE(by_lease(1'000));  // nobody was asked yet
  read(1'000);
  EXPECT_FALSE(by_lease(1'001));  // or has answered
  cluster.settle();
  const auto commit = cluster.group(leader).status().commit;
  EXPECT_EQ(by_lease(1'001), commit);
  EXPECT_EQ(by_lease(1'000 + kLeaseMs - 1), commit);
  EXPECT_FALSE(by_lease(1'000 + kLeaseMs));
  EXPECT_FALSE(by_lease(999));  // a clock that went back
}

TEST_F(GroupLease, GivenALaterRoundThenTheLeaseCountsFromWhenThatWasAsked) {
  read(1'000);
  read(1'100);
  cluster.settle();
  EXPECT_TRUE(by_lease(1'339));
  EXPECT_FALSE(by_lease(1'340));
}

TEST_F(GroupLease, GivenAWriteThenTheNextReadByLeaseHasItsIndex) {
  read(1'000);
  cluster.settle();
  const auto proposal = cluster.propose(leader, "b");
  cluster.settle();
  ASSERT_TRUE(proposal);
  EXPECT_GE(by_lease(1'010).value_or(0), proposal->index);
}

TEST_F(GroupLease, GivenAFollowersRoundThenNobodyGetsALeaseOfIt) {
  const auto follower = cluster.follower();
  ASSERT_TRUE(cluster.group(follower).read_round(1'000));
  cluster.handle(follower);
  cluster.settle();
  EXPECT_FALSE(cluster.group(follower).read_by_lease(1'001));
  EXPECT_FALSE(by_lease(1'001));
}

// The one to whom it was handed may be elected by voters that would otherwise wait, even after it was given up.
TEST_F(GroupLease, GivenAHandOverThatWasGivenUpThenThereIsNoLeaseInThatTermAnyMore) {
  read(1'000);
  cluster.settle();
  const auto term = cluster.group(leader).status().term;
  ASSERT_TRUE(cluster.group(leader).transfer(cluster.follower()));
  EXPECT_FALSE(by_lease(1'001));
  cluster.handle(leader);
  cluster.queue.clear();  // lost
  int passed = 0;
  ASSERT_TRUE(cluster.until([&] { return ++passed > 60; }, 100));
  ASSERT_EQ(cluster.group(leader).status().term, term);
  ASSERT_TRUE(cluster.group(leader).propose("it is over"));
  read(2'000);
  cluster.settle();
  EXPECT_FALSE(by_lease(2'001));
}

TEST_F(GroupLease, GivenAnotherLeaderThenTheOldOneReadsNoMoreAsSoonAsItHears) {
  read(1'000);
  cluster.settle();
  cluster.cut = {leader};
  ASSERT_TRUE(cluster.until([&] {
    return std::ranges::any_of(cluster.nodes, [&](auto& node) {
      return node.first != leader && node.second.group->status().role == Role::leader;
    });
  }));
  cluster.cut.clear();
  int passed = 0;
  ASSERT_TRUE(cluster.until([&] { return ++passed > 10; }, 20));
  EXPECT_FALSE(by_lease(1'001));
}

// What it answered in its former life it does not remember.
TEST_F(GroupLease, GivenAVoterThatStartsAgainThenItElectsNobodyForAnElectionTimeout) {
  const auto voter = cluster.follower();
  NodeId candidate = 1;
  while (candidate == leader || candidate == voter) ++candidate;
  cluster.cut = {leader};
  while (cluster.group(candidate).status().role == Role::follower && cluster.group(candidate).status().leader != 0)
    cluster.tick(candidate);  // until it misses its leader
  cluster.stop(voter);
  cluster.start(voter);
  cluster.settle();
  ASSERT_TRUE(cluster.group(candidate).campaign());
  cluster.handle(candidate);
  cluster.settle();
  EXPECT_NE(cluster.group(candidate).status().role, Role::leader);
  for (std::uint32_t i = 0; i < cluster.base.election_ticks; ++i) cluster.tick(voter);
  ASSERT_TRUE(cluster.group(candidate).campaign());
  cluster.handle(candidate);
  cluster.settle();
  EXPECT_EQ(cluster.group(candidate).status().role, Role::leader);
}

}  // namespace
}  // namespace gantry::raft::group_test
