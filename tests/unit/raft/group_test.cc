#include "raft/group.h"

#include <gmock/gmock.h>

#include "unit/raft/cluster.h"

namespace gantry::raft::group_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Group, GivenOneNodeWhenItProposesThenTheEntryIsCommittedAndSurvivesARestart) {
  Cluster cluster(1);
  auto id = cluster.elect();
  cluster.write("a");
  EXPECT_THAT(cluster.nodes[id].applied, ElementsAre("a"));
  cluster.stop(id);
  cluster.start(id);
  cluster.elect();
  cluster.write("b");
  EXPECT_THAT(cluster.nodes[id].applied, ElementsAre("a", "b"));
}

TEST(Group, GivenThreeNodesWhenTheLeaderProposesThenAllApplyTheSame) {
  Cluster cluster(3);
  cluster.elect();
  for (const auto* text : {"a", "b", "c"}) cluster.write(text);
  ASSERT_TRUE(cluster.until([&] {
    return cluster.nodes[1].applied.size() + cluster.nodes[2].applied.size() + cluster.nodes[3].applied.size() == 9;
  }));
  for (auto& [id, node] : cluster.nodes) EXPECT_THAT(node.applied, ElementsAre("a", "b", "c")) << id;
}

TEST(Group, GivenAProposalThenItsIndexAndTermAreThoseOfTheCommittedEntry) {
  Cluster cluster(3);
  auto leader = cluster.elect();
  auto proposal = cluster.propose(leader, "a");
  ASSERT_TRUE(proposal);
  cluster.settle();
  EXPECT_EQ(cluster.nodes[leader].applied_index, proposal->index);
  EXPECT_EQ(cluster.group(leader).status().term, proposal->term);
}

TEST(Group, GivenAFollowerWhenItIsAskedToProposeThenItRefuses) {
  Cluster cluster(3);
  cluster.elect();
  auto refused = cluster.propose(cluster.follower(), "a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_EQ(cluster.group(cluster.follower()).status().leader, cluster.leader());
}

TEST(Group, GivenSilentFollowersWhenTooMuchIsUncommittedThenProposalsAreRefusedUntilItIsNot) {
  Cluster cluster(3);
  cluster.base.message_bytes_max = 500;
  cluster.base.uncommitted_bytes_max = 1000;
  for (NodeId id = 1; id <= 3; ++id) {
    cluster.stop(id);
    cluster.start(id);
  }
  auto leader = cluster.elect();
  cluster.lose = [](const auto&) { return true; };
  int accepted = 0;
  Result<Proposal> last = Proposal{};
  while (accepted < 100 && (last = cluster.propose(leader, std::string(100, 'x')))) ++accepted;
  EXPECT_EQ(accepted, 10);
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, Errc::resource_exhausted);
  cluster.settle();
  cluster.lose = {};
  ASSERT_TRUE(cluster.until([&] { return cluster.nodes[leader].applied.size() == 10; }));
  EXPECT_TRUE(cluster.propose(cluster.leader(), "again"));
}

TEST(Group, GivenEmptyOrTooLargeProposalsThenTheyAreRefused) {
  Cluster cluster(1);
  auto leader = cluster.elect();
  EXPECT_EQ(cluster.propose(leader, "").error().code, Errc::invalid_argument);
  EXPECT_EQ(cluster.propose(leader, std::string((4 << 20) + 1, 'x')).error().code, Errc::invalid_argument);
  EXPECT_TRUE(cluster.propose(leader, std::string(4 << 20, 'x')));
}

TEST(Group, GivenALostLeaderWhenAnotherIsElectedThenCommittedEntriesStayAndTheOldOneFollows) {
  Cluster cluster(3);
  auto old = cluster.elect();
  cluster.write("a");
  cluster.cut = {old};
  auto lost = cluster.propose(old, "never");  // reaches nobody
  ASSERT_TRUE(lost);
  ASSERT_TRUE(cluster.until([&] { return cluster.leader() != 0; }));
  auto now = cluster.elect();
  EXPECT_NE(now, old);
  cluster.write("b");
  // check-quorum: who does not hear from a majority stops to lead
  EXPECT_TRUE(cluster.until([&] { return cluster.group(old).status().role != Role::leader; }));
  cluster.cut.clear();
  ASSERT_TRUE(cluster.until([&] { return cluster.nodes[old].applied.size() == 2; }));
  EXPECT_THAT(cluster.nodes[old].applied, ElementsAre("a", "b"));
  EXPECT_EQ(cluster.leader(), now) << "pre-vote: the one that comes back does not disturb";
}

TEST(Group, GivenAllNodesCrashWhenTheyStartAgainThenEverythingCommittedIsThere) {
  Cluster cluster(3);
  cluster.elect();
  for (int i = 0; i < 20; ++i) cluster.write(std::to_string(i));
  for (NodeId id = 1; id <= 3; ++id) cluster.stop(id);
  for (NodeId id = 1; id <= 3; ++id) cluster.start(id);
  cluster.elect();
  for (auto& [id, node] : cluster.nodes) EXPECT_EQ(node.applied.size(), 20u) << id;
}

TEST(Group, GivenASnapshotWhenTheNodeRestartsThenItIsRestoredAndOnlyLaterEntriesAreHandedOut) {
  Cluster cluster(1);
  cluster.elect();
  for (const auto* text : {"a", "b"}) cluster.write(text);
  auto& node = cluster.nodes[1];
  ASSERT_TRUE(node.group->offer_snapshot(node.applied_index, node.state()));
  cluster.write("c");
  cluster.stop(1);
  cluster.start(1);
  cluster.elect();
  EXPECT_THAT(node.applied, ElementsAre("a", "b", "c"));
  EXPECT_GT(node.group->status().snapshot, 1u);
}

TEST(Group, GivenALaggingFollowerWhenTheLogIsGoneThenItGetsASnapshot) {
  Cluster cluster(3);
  cluster.base.entries_kept = 0;
  for (NodeId id = 1; id <= 3; ++id) {
    cluster.stop(id);
    cluster.start(id);
  }
  auto leader = cluster.elect();
  auto late = cluster.follower();
  cluster.cut = {late};
  for (const auto* text : {"a", "b", "c"}) cluster.write(text);
  auto& node = cluster.nodes[leader];
  ASSERT_TRUE(node.group->offer_snapshot(node.applied_index, node.state()));
  cluster.write("d");
  cluster.cut.clear();
  auto& follower = cluster.nodes[late];
  auto restores = follower.restores;
  ASSERT_TRUE(cluster.until([&] { return follower.applied.size() == 4; }));
  EXPECT_THAT(follower.applied, ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(follower.restores, restores + 1);
  cluster.stop(late);
  cluster.start(late);
  cluster.until([&] { return follower.applied.size() == 4; });
  EXPECT_THAT(follower.applied, ElementsAre("a", "b", "c", "d")) << "after a restart";
}

TEST(Group, GivenALeadersSnapshotThatTheApplicationCannotReadThenItIsRefusedAndTheNodeKeepsWhatItHas) {
  Cluster cluster(3, {}, [](GroupConfig& config) {
    config.entries_kept = 0;
    config.reads_snapshot = [](std::string_view bytes) -> Result<void> {
      if (bytes.starts_with("new")) return fail(Errc::unimplemented, "start a newer one");
      return {};
    };
  });
  auto leader = cluster.elect();
  auto late = cluster.follower();
  cluster.write("a");
  cluster.cut = {late};
  for (const auto* text : {"b", "c"}) cluster.write(text);
  auto& node = cluster.nodes[leader];
  ASSERT_TRUE(node.group->offer_snapshot(node.applied_index, "new:" + node.state()));
  cluster.cut.clear();
  ASSERT_TRUE(cluster.until([&] { return !cluster.refusals.empty(); }));
  EXPECT_THAT(cluster.refusals.front(), testing::HasSubstr("start a newer one"));
  EXPECT_THAT(cluster.nodes[late].applied, ElementsAre("a"));
  cluster.stop(late);
  cluster.start(late);
  EXPECT_FALSE(cluster.nodes[late].stopped) << "its own disk is as it was";
  cluster.until([&] { return cluster.nodes[late].applied.size() == 1; }, 20);
  EXPECT_EQ(cluster.nodes[late].group->status().snapshot, 1u);
}

TEST(Group, GivenACrashWhileASnapshotIsWrittenThenTheOneBeforeAndTheWholeLogAreThere) {
  for (const bool staged : {false, true}) {
    Cluster cluster(1, {}, [](GroupConfig& config) { config.entries_kept = 0; });
    cluster.elect();
    for (const auto* text : {"a", "b"}) cluster.write(text);
    auto& node = cluster.nodes[1];
    auto work = node.group->begin_snapshot(node.applied_index, node.state());
    ASSERT_TRUE(work && *work);
    EXPECT_EQ(node.group->begin_snapshot(node.applied_index, "").error().code, Errc::already_exists);
    cluster.write("c");
    if (staged) {
      ASSERT_TRUE((**work)());
    }
    cluster.stop(1);
    cluster.start(1);
    EXPECT_EQ(node.group->status().snapshot, 1u);
    cluster.elect();
    EXPECT_THAT(node.applied, ElementsAre("a", "b", "c"));
  }
}

TEST(Group, GivenALeadersSnapshotThatComesWhileOneOfItsOwnIsWrittenThenTheLeadersStays) {
  for (const bool lost : {false, true}) {
    Cluster cluster(3, {}, [](GroupConfig& config) { config.entries_kept = 0; });
    const auto leader = cluster.elect();
    const auto late = cluster.follower();
    cluster.write("a");
    auto& follower = cluster.nodes[late];
    auto work = follower.group->begin_snapshot(follower.applied_index, follower.state());
    ASSERT_TRUE(work && *work);
    cluster.cut = {late};
    for (const auto* text : {"b", "c"}) cluster.write(text);
    auto& node = cluster.nodes[leader];
    ASSERT_TRUE(node.group->offer_snapshot(node.applied_index, node.state()));
    cluster.cut.clear();
    ASSERT_TRUE(cluster.until([&] { return follower.applied.size() == 3; }));
    const auto installed = follower.group->status().snapshot;
    auto written = (**work)();
    if (lost) written = fail(Errc::unavailable, "its file was removed under it");
    EXPECT_TRUE(follower.group->end_snapshot(written));
    EXPECT_EQ(follower.group->status().snapshot, installed);
    EXPECT_EQ(follower.store->read_snapshot()->bytes, "a\nb\nc\n");
    cluster.write("d");
    EXPECT_TRUE(cluster.until([&] { return follower.applied.size() == 4; }));
  }
}

TEST(Group, GivenASnapshotOfEntriesNotAppliedThenItIsRefused) {
  Cluster cluster(1);
  cluster.elect();
  cluster.write("a");
  EXPECT_EQ(cluster.group(1).offer_snapshot(99, "state").error().code, Errc::invalid_argument);
  EXPECT_EQ(cluster.group(1).advance_applied(99).error().code, Errc::invalid_argument);
}

TEST(Group, GivenADiskThatFailsThenTheGroupStopsAndTheRestartKnowsWhatWasWritten) {
  for (bool written : {false, true}) {
    Cluster cluster(1);
    cluster.elect();
    cluster.write("a");
    auto& node = cluster.nodes[1];
    dynamic_cast<sim::MemoryLogStore&>(*node.store).fail_next(written);
    ASSERT_TRUE(cluster.propose(1, "b"));
    ASSERT_TRUE(node.stopped);
    EXPECT_THAT(node.stopped->message, testing::HasSubstr("disk failed"));
    EXPECT_THAT(node.applied, ElementsAre("a")) << "nothing is handed out that may not be on the disk";
    EXPECT_FALSE(node.group->propose("c"));
    cluster.stop(1);
    cluster.start(1);
    cluster.elect();
    EXPECT_EQ(node.applied.size(), written ? 2u : 1u);
  }
}

TEST(Group, GivenACorruptStoreThenItDoesNotOpen) {
  sim::MemoryLogStore store;
  store.corrupt();
  auto opened = Group::open({.id = 1}, store);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::corrupt);
}

TEST(Group, GivenAStoreInUseThenItIsNotFormedAgain) {
  Cluster cluster(1);
  auto again = Group::form(*cluster.nodes[1].store, {{{1, "a:1", true}}, 1});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::already_exists);
}

TEST(Group, GivenAWipedDiskWhenItsNodeComesBackUnderItsOldIdThenItIsToldSoAndDoesNotCrash) {
  Cluster cluster(3);
  auto leader = cluster.elect();
  cluster.write("a");
  auto wiped = cluster.follower();
  cluster.stop(wiped);
  dynamic_cast<sim::MemoryLogStore&>(*cluster.nodes[wiped].store).wipe();
  cluster.start(wiped);
  std::optional<Error> told;
  for (int i = 0; i < 50 && !told; ++i) {
    for (NodeId id = 1; id <= 3; ++id) cluster.tick(id);
    while (!cluster.queue.empty()) {
      auto letter = cluster.queue.front();
      cluster.queue.pop_front();
      auto stepped = cluster.group(letter.to).step(letter.bytes);
      if (!stepped && letter.to == wiped) told = stepped.error();
      cluster.handle(letter.to);
    }
  }
  ASSERT_TRUE(told);
  EXPECT_EQ(told->code, Errc::corrupt);
  EXPECT_THAT(told->message, testing::HasSubstr("disk was replaced"));
  EXPECT_EQ(cluster.leader(), leader);
}

TEST(Group, GivenALeaderWhenItTransfersLeadershipThenTheOtherLeadsAndProposalsAreRefusedMeanwhile) {
  Cluster cluster(3);
  auto leader = cluster.elect();
  cluster.write("a");
  auto next = cluster.follower();
  EXPECT_EQ(cluster.group(leader).transfer(9).error().code, Errc::invalid_argument);
  EXPECT_EQ(cluster.group(leader).transfer(leader).error().code, Errc::invalid_argument);
  ASSERT_TRUE(cluster.group(leader).transfer(next));
  EXPECT_EQ(cluster.group(leader).propose("b").error().code, Errc::unavailable);
  cluster.handle(leader);
  ASSERT_TRUE(cluster.until([&] { return cluster.leader() == next; }, 5)) << "without waiting for an election timeout";
  cluster.elect();
  cluster.write("b");
  EXPECT_THAT(cluster.nodes[next].applied, ElementsAre("a", "b"));
}

TEST(Group, GivenTheSameCallsThenTheSameMessages) {
  auto run = [] {
    Cluster cluster(3);
    std::string sent;
    cluster.lose = [&sent, count = 0](const auto& letter) mutable {
      sent += letter.bytes;
      return ++count % 7 == 0;
    };
    cluster.elect();
    for (int i = 0; i < 30; ++i) {
      if (auto leader = cluster.leader()) (void)cluster.propose(leader, std::to_string(i));
      cluster.until([] { return false; }, 3);
    }
    return sent;
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace gantry::raft::group_test
