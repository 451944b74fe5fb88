#include <gmock/gmock.h>

#include "unit/raft/cluster.h"

namespace gantry::raft::group_test {
namespace {

Result<ReadRound> ask(Cluster& cluster, NodeId id) {
  auto round = cluster.group(id).read_round();
  cluster.handle(id);
  return round;
}

TEST(GroupReads, GivenAWriteWhenLeaderAndFollowersAreAskedThenTheirRoundsHaveSeenIt) {
  Cluster cluster(3);
  auto leader = cluster.elect();
  auto proposal = cluster.propose(leader, "a");
  cluster.settle();
  for (NodeId id = 1; id <= 3; ++id) {
    auto round = ask(cluster, id);
    ASSERT_TRUE(round) << round.error().message;
    cluster.settle();
    ASSERT_TRUE(cluster.nodes[id].answers.contains(*round)) << id;
    EXPECT_GE(cluster.nodes[id].answers[*round], proposal->index) << id;
  }
}

TEST(GroupReads, GivenOneNodeThenItAnswersAtOnce) {
  Cluster cluster(1);
  cluster.elect();
  auto round = ask(cluster, 1);
  ASSERT_TRUE(round);
  EXPECT_TRUE(cluster.nodes[1].answers.contains(*round));
}

TEST(GroupReads, GivenNoLeaderThenARoundIsRefused) {
  Cluster cluster(3);
  auto round = ask(cluster, 1);
  ASSERT_FALSE(round);
  EXPECT_EQ(round.error().code, Errc::unavailable);
}

TEST(GroupReads, GivenALeaderThatIsCutOffThenItsRoundsAreNotAnsweredButReportedAsFailed) {
  Cluster cluster(3);
  auto old = cluster.elect();
  cluster.cut = {old};
  auto round = ask(cluster, old);
  ASSERT_TRUE(round);
  auto& node = cluster.nodes[old];
  EXPECT_TRUE(cluster.until([&] { return node.failed_reads.contains(*round); }));
  EXPECT_FALSE(node.answers.contains(*round));
}

TEST(GroupReads, GivenAFollowersRoundIsLostThenItIsReportedAsFailedAfterAnElectionTimeout) {
  Cluster cluster(3);
  cluster.elect();
  auto follower = cluster.follower();
  auto round = ask(cluster, follower);
  ASSERT_TRUE(round);
  cluster.queue.clear();
  auto& node = cluster.nodes[follower];
  EXPECT_TRUE(cluster.until([&] { return node.failed_reads.contains(*round); }, 12));
  EXPECT_FALSE(node.answers.contains(*round));
}

TEST(GroupReads, GivenANewLeaderThenRoundsOfBeforeFail) {
  Cluster cluster(3);
  auto old = cluster.elect();
  auto follower = cluster.follower();
  cluster.lose = [&](const auto& letter) { return letter.from == old; };
  auto round = ask(cluster, follower);
  ASSERT_TRUE(round);
  cluster.until([&] { return cluster.leader() != old; });
  EXPECT_TRUE(cluster.nodes[follower].failed_reads.contains(*round));
}

// A round that the network repeats would let old acknowledgements answer newer rounds.
TEST(GroupReads, GivenARepeatedRoundThenTheLeaderRefusesIt) {
  Cluster cluster(3);
  auto leader = cluster.elect();
  auto follower = cluster.follower();
  ASSERT_TRUE(ask(cluster, follower));
  std::string asked;
  for (const auto& letter : cluster.queue) {
    if (letter.from == follower && letter.to == leader) asked = letter.bytes;
  }
  ASSERT_FALSE(asked.empty());
  cluster.settle();
  auto again = cluster.group(leader).step(asked);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, testing::HasSubstr("seen before"));
}

}  // namespace
}  // namespace gantry::raft::group_test
