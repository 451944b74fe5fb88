#include <gmock/gmock.h>

#include "raft/codec.h"
#include "raft/membership.h"
#include "unit/raft/cluster.h"

namespace gantry::raft::group_test {
namespace {

using testing::ElementsAre;
using Kind = MemberChange::Kind;

Result<Proposal> change(Cluster& cluster, Kind kind, NodeId id, std::string address = "") {
  auto leader = cluster.leader();
  auto proposal = cluster.group(leader).change_member({kind, id, std::move(address)});
  cluster.handle(leader);
  cluster.settle();
  return proposal;
}

TEST(GroupMembers, GivenAChangeInANewerFormatThenNoMemberIsInvented) {
  MemberHistory history;
  history.reset(1, {{{1, "a:1", true}}, 1});
  const Members before = history.newest();
  Node::AppliedChange newer{.applied = true, .kind = Node::Change::add_learner, .id = 2, .context = "\x09..."};
  const auto applied = history.apply(7, newer);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, Errc::unimplemented);
  EXPECT_THAT(applied.error().message, testing::HasSubstr("log entry 7"));
  EXPECT_THAT(applied.error().message, testing::HasSubstr("start a newer gantry"));
  EXPECT_EQ(history.newest(), before);
  newer.context = encode(MemberFacts{"b:1", "n2", "token"});
  ASSERT_TRUE(history.apply(8, newer));
  EXPECT_EQ(history.newest().find(2)->address, "b:1");
}

TEST(GroupMembers, GivenANewNodeWhenItIsAddedPromotedAndCountedThenTheGroupSurvivesTheLossOfAnOldOne) {
  Cluster cluster(3);
  cluster.elect();
  cluster.write("a");
  cluster.add_empty(4);
  ASSERT_TRUE(change(cluster, Kind::add_learner, 4, Cluster::address(4)));
  EXPECT_TRUE(cluster.until([&] { return cluster.nodes[4].applied.size() == 1; }));
  EXPECT_THAT(cluster.refusals, testing::IsEmpty());
  EXPECT_EQ(cluster.nodes[4].restores, 1u) << "a new node begins with a snapshot: it tells it the members";
  EXPECT_EQ(cluster.nodes[4].members.list.size(), 4u);
  EXPECT_FALSE(cluster.nodes[4].members.find(4)->voter);

  ASSERT_TRUE(change(cluster, Kind::promote, 4));
  for (NodeId id = 1; id <= 4; ++id) {
    ASSERT_TRUE(cluster.until([&] { return cluster.nodes[id].members.voters() == 4; })) << id;
    EXPECT_EQ(cluster.nodes[id].members.find(4)->address, Cluster::address(4)) << id;
  }
  auto gone = cluster.follower();
  ASSERT_TRUE(change(cluster, Kind::remove, gone));
  cluster.stop(gone);
  cluster.write("b");
  ASSERT_TRUE(cluster.until([&] { return cluster.nodes[4].applied.size() == 2; }));
  EXPECT_EQ(cluster.group(cluster.leader()).status().members.size(), 3u);
}

TEST(GroupMembers, GivenMembersWhenANodeRestartsThenItKnowsThemFromLogOrSnapshot) {
  Cluster cluster(1);
  cluster.elect();
  cluster.add_empty(2);
  ASSERT_TRUE(change(cluster, Kind::add_learner, 2, "b:2"));
  auto& node = cluster.nodes[1];
  for (bool snapshot : {false, true}) {
    if (snapshot) {
      ASSERT_TRUE(node.group->offer_snapshot(node.applied_index, node.state()));
    }
    cluster.stop(1);
    node.members = {};
    cluster.start(1);
    cluster.elect();
    ASSERT_NE(node.members.find(2), nullptr);
    EXPECT_EQ(node.members.find(2)->address, "b:2");
    EXPECT_EQ(node.members.highest_id, 2u);
  }
}

TEST(GroupMembers, GivenASnapshotOlderThanAChangeThenItHasTheMembersOfItsEntry) {
  Cluster cluster(1);
  cluster.elect();
  cluster.write("a");
  auto& node = cluster.nodes[1];
  auto before = node.applied_index;
  ASSERT_TRUE(change(cluster, Kind::add_learner, 2, "b:2"));
  ASSERT_TRUE(node.group->offer_snapshot(before, "a\n"));
  auto snapshot = node.store->read_snapshot();
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->meta.members.list.size(), 1u);
  cluster.stop(1);
  cluster.start(1);
  cluster.elect();
  EXPECT_EQ(node.members.list.size(), 2u);
}

TEST(GroupMembers, GivenARemovedNodeThenItDoesNotDisturbTheOthers) {
  Cluster cluster(3);
  auto leader = cluster.elect();
  auto gone = cluster.follower();
  ASSERT_TRUE(change(cluster, Kind::remove, gone));
  auto term = cluster.group(leader).status().term;
  cluster.until([] { return false; }, 100);
  EXPECT_EQ(cluster.leader(), leader);
  EXPECT_EQ(cluster.group(leader).status().term, term);
}

// Nobody may remove the leader, but a node can become the leader between the proposal of its removal and the commit.
TEST(GroupMembers, GivenANodeToBeRemovedWhenItIsElectedBeforeThatIsCommittedThenItStepsDownAndAnotherLeads) {
  Cluster cluster(3);
  auto old = cluster.elect();
  auto gone = old % 3 + 1;
  ASSERT_TRUE(cluster.group(old).change_member({Kind::remove, gone, ""}));
  cluster.handle(old);
  cluster.lose = [&](const auto& letter) { return letter.to == old; };  // its acknowledgements
  cluster.settle();
  cluster.lose = {};
  cluster.cut = {old};
  cluster.until([&] { return cluster.group(gone).status().leader == 0; });  // they notice that it is silent
  ASSERT_TRUE(cluster.until([&] {
    if (cluster.group(gone).status().role == Role::follower) (void)cluster.group(gone).campaign();
    cluster.handle(gone);
    return cluster.nodes[gone].members.find(gone) == nullptr;
  }));
  EXPECT_FALSE(cluster.nodes[gone].stopped) << cluster.nodes[gone].stopped->message;
  EXPECT_NE(cluster.group(gone).status().role, Role::leader);
  cluster.cut.clear();
  cluster.stop(gone);
  cluster.elect();
  cluster.write("after");
}

TEST(GroupMembers, GivenANameAndATokenThenAllNodesAndTheirSnapshotsKeepThem) {
  Cluster cluster(1);
  auto leader = cluster.elect();
  cluster.add_empty(2);
  ASSERT_TRUE(cluster.group(leader).change_member({Kind::add_learner, 2, Cluster::address(2), "n1", "token"}));
  cluster.handle(leader);
  const Member expected{2, Cluster::address(2), false, "n1", "token"};
  ASSERT_TRUE(cluster.until([&] { return cluster.nodes[2].members.find(2) != nullptr; }));
  EXPECT_EQ(*cluster.nodes[2].members.find(2), expected);
  auto snapshot = cluster.nodes[2].store->read_snapshot();
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(*snapshot->meta.members.find(2), expected);
}

// A leader of a new term that has not committed in it may have a predecessor's change behind it.
TEST(GroupMembers, GivenALeaderThatHasCommittedNothingThenItChangesNobody) {
  Cluster cluster(3);
  cluster.lose = [&](const auto&) { return cluster.leader() != 0; };  // nothing arrives once somebody leads
  ASSERT_TRUE(cluster.until([&] { return cluster.leader() != 0; }));
  auto refused = cluster.group(cluster.leader()).change_member({Kind::add_learner, 4, "a:1"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
}

// The last of two voters that forgot it would wait for the vote of the one that is gone.
TEST(GroupMembers, GivenAChangeThatWasHandedOutThenThatItIsCommittedSurvivesACrash) {
  Cluster cluster(2);
  auto leader = cluster.elect();
  auto gone = cluster.follower();
  ASSERT_TRUE(change(cluster, Kind::remove, gone));
  ASSERT_EQ(cluster.nodes[leader].members.voters(), 1u);
  cluster.stop(gone);
  cluster.stop(leader);
  cluster.start(leader);
  cluster.elect();
  cluster.write("alone");
}

struct Refusal {
  const char* name;
  Kind kind;
  NodeId id;
  std::string address;
  Errc code;
  friend void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }
};

class GroupMembersRefused : public testing::TestWithParam<Refusal> {};

TEST_P(GroupMembersRefused, GivenThreeVotersWhenTheChangeCannotBeThenItIsRefused) {
  Cluster cluster(3);
  auto leader = cluster.elect();
  auto id = GetParam().id == 0 ? leader : GetParam().id;
  auto refused = change(cluster, GetParam().kind, id, GetParam().address);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, GetParam().code) << refused.error().message;
}

INSTANTIATE_TEST_SUITE_P(All, GroupMembersRefused,
                         testing::Values(Refusal{"a_member_again", Kind::add_learner, 2, "a:1", Errc::already_exists},
                                         Refusal{"no_address", Kind::add_learner, 4, "", Errc::invalid_argument},
                                         Refusal{"a_long_address", Kind::add_learner, 4, std::string(301, 'a'),
                                                 Errc::invalid_argument},
                                         Refusal{"promote_a_voter", Kind::promote, 2, "", Errc::already_exists},
                                         Refusal{"promote_a_stranger", Kind::promote, 7, "", Errc::not_found},
                                         Refusal{"remove_a_stranger", Kind::remove, 7, "", Errc::not_found},
                                         Refusal{"remove_the_leader", Kind::remove, 0, "", Errc::invalid_argument}),
                         [](const auto& info) { return info.param.name; });

TEST(GroupMembers, GivenARemovedIdThenItIsNotTakenAgain) {
  Cluster cluster(3);
  cluster.elect();
  ASSERT_TRUE(change(cluster, Kind::add_learner, 8, "a:1"));
  ASSERT_TRUE(change(cluster, Kind::remove, 8));
  auto again = change(cluster, Kind::add_learner, 8, "a:1");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::invalid_argument);
  EXPECT_TRUE(change(cluster, Kind::add_learner, 9, "a:1"));
}

TEST(GroupMembers, GivenAChangeUnderWayThenAnotherWaits) {
  Cluster cluster(3);
  auto leader = cluster.elect();
  ASSERT_TRUE(cluster.group(leader).change_member({Kind::add_learner, 8, "a:1"}));
  auto second = cluster.group(leader).change_member({Kind::add_learner, 9, "a:1"});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
}

TEST(GroupMembers, GivenALearnerThatIsFarBehindThenItIsNotPromoted) {
  Cluster cluster(1);
  cluster.elect();
  ASSERT_TRUE(change(cluster, Kind::add_learner, 2, "a:1"));
  for (int i = 0; i < 1100; ++i) ASSERT_TRUE(cluster.propose(1, "x"));
  auto refused = change(cluster, Kind::promote, 2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace gantry::raft::group_test
