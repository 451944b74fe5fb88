// How changes of members are carried out, step by step, with a group that the test plays.
#include "controller/member_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/directory.h"
#include "unit/controller/log_of_one.h"

namespace gantry::controller {
namespace {

using testing::HasSubstr;
using ChangeKind = raft::MemberChange::Kind;
using WishKind = MemberRequest::Kind;

class MemberChangesTest : public testing::Test {
 protected:
  void SetUp() override {
    config.group = "g";
    config.self = "n0";
    config.peers = {{"n0", {"a", 1}}, {"n1", {"b", 1}}, {"n2", {"c", 1}}};
    tell({{{1, "a:1", true, "n0"}, {2, "b:1", true, "n1"}, {3, "c:1", true, "n2"}}, 3});
    log.lead(replica);
    newcomer = PeerIdentity{"g", "", {"its token", Identity::Stage::empty, {}, 0}, "n3", {}};
  }
  void tell(raft::Members now) {
    members = std::move(now);
    replica.on_members(members);
    directory.set_members(members);
  }
  MemberChanges::Env env() {
    MemberChanges::Env env;
    env.status = [this](const auto& done) {
      raft::GroupStatus status;
      status.id = 1;
      status.role = raft::Role::leader;
      status.leader = 1;
      status.commit = status.last = 5'000;
      for (const raft::Member& member : members.list) status.members.push_back({member, matched, 0});
      done(status);
    };
    env.change = [this](raft::MemberChange change, auto done) {
      asked.push_back(std::move(change));
      proposed = std::move(done);
    };
    env.transfer = [this](raft::NodeId to, auto done) {
      transferred = to;
      done({});
    };
    env.identity = [this](const std::string&, auto done) { done(newcomer); };
    return env;
  }
  void begin(MemberRequest request) {
    changes.begin(std::move(request), [this](const Result<raft::Member>& result) { results.push_back(result); });
  }
  // The change that was asked for is committed, and the group has these members after it.
  void happens(const raft::Members& after) {
    const raft::Index at = log.next();
    proposed(raft::Proposal{at, 1});
    tell(after);
    log.commit_up_to(replica, at);
    changes.tick();
  }
  raft::Members without(raft::NodeId id) {
    raft::Members left = members;
    std::erase_if(left.list, [&](const raft::Member& member) { return member.id == id; });
    return left;
  }
  raft::Members with_fourth(bool voter = false) {
    raft::Members more = members;
    std::erase_if(more.list, [](const raft::Member& member) { return member.id == 4; });
    more.list.push_back({4, "d:1", voter, "n3", "its token"});
    more.highest_id = 4;
    return more;
  }

  MonotonicMs now = 1'000;
  LogOfOne log;
  Replica replica{{}, log, {[this] { return now; }, [] { return std::int64_t{1}; }, [] {}}};
  Config config;
  Directory directory{config};
  raft::Members members;
  raft::Index matched = 5'000;  // of every member
  Result<PeerIdentity> newcomer = fail(Errc::unavailable, "nobody");
  std::vector<raft::MemberChange> asked;
  std::function<void(const Result<raft::Proposal>&)> proposed;
  std::optional<raft::NodeId> transferred;
  std::vector<Result<raft::Member>> results;
  MemberChanges changes{config, replica, directory, env()};
};

TEST_F(MemberChangesTest, GivenANodeThatWaitsThenItIsALearnerUnderItsTokenAndThenAVoterWhenItHasCaughtUp) {
  begin({WishKind::add, "n3", "d:1"});
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].kind, ChangeKind::add_learner);
  EXPECT_EQ(asked[0].id, 4u) << "an id that nobody ever had";
  EXPECT_EQ(asked[0].token, "its token");
  EXPECT_TRUE(results.empty()) << "not before it is committed";
  happens(with_fourth());
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0]->id, 4u);

  matched = 100;
  now += 1'000;
  changes.tick();
  EXPECT_EQ(asked.size(), 1u) << "far behind";
  matched = 5'000;
  now += 1'000;
  changes.tick();
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1].kind, ChangeKind::promote);
  happens(with_fourth(true));
  now += 1'000;
  changes.tick();
  EXPECT_EQ(asked.size(), 2u) << "nobody is left to be made a voter";
}

TEST_F(MemberChangesTest, GivenNobodyAtTheAddressThenNothingIsChangedAndItSaysWhatToStart) {
  newcomer = fail(Errc::unavailable, "refused");
  begin({WishKind::add, "n3", "d:1"});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].error().code, Errc::invalid_argument);
  EXPECT_THAT(results[0].error().message, HasSubstr("gantry controller --join --group g --self n3"));
  EXPECT_TRUE(asked.empty());
}

TEST_F(MemberChangesTest, GivenAChangeUnderWayThenAnotherIsRefusedForNow) {
  begin({WishKind::remove, "n2"});
  begin({WishKind::remove, "n1"});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].error().code, Errc::resource_exhausted);
  EXPECT_THAT(results[0].error().message, HasSubstr("remove n2"));
  happens(without(3));
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[1]->name, "n2") << "as it was";
}

TEST_F(MemberChangesTest, GivenAFollowerThenItChangesNobody) {
  replica.on_leadership({raft::Role::follower, 2, 2});
  begin({WishKind::remove, "n2"});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].error().code, Errc::unavailable);
}

TEST_F(MemberChangesTest, GivenAnotherEntryInItsPlaceThenItSurelyDidNotHappen) {
  begin({WishKind::remove, "n2"});
  happens(members);  // another leader's entry stands there
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].error().code, Errc::unavailable);
}

TEST_F(MemberChangesTest, GivenNoMajorityThenTheOutcomeIsUnknownAndWhatComesLaterIsOfNobody) {
  begin({WishKind::remove, "n2"});
  const auto late = proposed;
  now += 4'000;
  changes.tick();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].error().code, Errc::timeout);
  begin({WishKind::remove, "n1"});
  late(raft::Proposal{log.next(), 1});
  log.commit_up_to(replica, log.next());
  changes.tick();
  EXPECT_EQ(results.size(), 1u) << "the answer of the former one ends not this one";
  happens(without(2));
  ASSERT_EQ(results.size(), 2u);
  EXPECT_TRUE(results[1]);
}

TEST_F(MemberChangesTest, GivenANodeThatLostItsDiskThenTheOldIdGoesBeforeTheNewOneComes) {
  newcomer->name = "n2";
  begin({WishKind::replace, "n2"});
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].kind, ChangeKind::remove);
  happens(without(3));
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1].kind, ChangeKind::add_learner);
  EXPECT_EQ(asked[1].id, 4u);
  EXPECT_EQ(asked[1].address, "c:1");
  proposed(fail(Errc::unavailable, "no majority"));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_THAT(results[0].error().message, HasSubstr("node 3 is removed, but no majority"));
}

TEST_F(MemberChangesTest, GivenTheLeaderIsToGoThenItHandsOverFirst) {
  begin({WishKind::remove, "n0"});
  EXPECT_TRUE(transferred);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].error().code, Errc::unavailable) << "to be asked of the next leader";
  EXPECT_TRUE(asked.empty());
}

TEST_F(MemberChangesTest, GivenAHandOverThenItIsDoneWhenTheOtherLeads) {
  changes.hand_over("n2", [this](const Result<raft::Member>& result) { results.push_back(result); });
  EXPECT_EQ(transferred, 3u);
  changes.tick();
  EXPECT_TRUE(results.empty());
  replica.on_leadership({raft::Role::follower, 2, 3});
  changes.tick();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0]->id, 3u);
}

TEST_F(MemberChangesTest, GivenAHandOverThatIsNotTakenThenItSaysByWhomAndThatNothingHasChanged) {
  changes.hand_over("n2", [this](const Result<raft::Member>& result) { results.push_back(result); });
  now += 4'000;
  changes.tick();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].error().code, Errc::invalid_argument) << "the outcome is known";
  EXPECT_THAT(results[0].error().message, HasSubstr("n2 (node 3, at c:1) did not take the leadership over in time"));
  EXPECT_THAT(results[0].error().message, HasSubstr("n0 leads as before"));
}

}  // namespace
}  // namespace gantry::controller
