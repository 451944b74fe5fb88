#include "controller/member_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::controller {
namespace {

using testing::HasSubstr;
using Kind = MemberRequest::Kind;
using Stage = Identity::Stage;

raft::MemberStatus member(raft::NodeId id, bool voter = true, std::uint64_t silent_ticks = 0,
                          raft::Index matched = 100) {
  const std::string name = "n" + std::to_string(id - 1);
  return {{id, name + ":1", voter, name, ""}, matched, silent_ticks};
}

// Node 1 leads.
raft::GroupStatus group(std::vector<raft::MemberStatus> members) {
  raft::GroupStatus status;
  status.id = 1;
  status.role = raft::Role::leader;
  status.commit = status.last = 2'000;
  status.members = std::move(members);
  return status;
}

constexpr std::uint64_t kSilent = 500;

TEST(MemberPlan, GivenATransferToWhoCannotLeadThenItSaysWhoThatIsSinceWhenAndWhatToDo) {
  const auto four = group({member(1), member(2), member(3, true, 1'250), member(4, false)});
  auto unheard = four;
  unheard.members[2].silent_ticks.reset();
  const auto alone = group({member(1), member(2, true, kSilent)});
  const std::tuple<const char*, raft::GroupStatus, Errc, const char*> cases[] = {
      {"n2", four, Errc::invalid_argument,
       "n2 (node 3, at n2:1) was last heard 12 s ago: start it, or look at its log; these could lead: n1"},
      {"3", four, Errc::invalid_argument, "n2 (node 3, at n2:1) was last heard 12 s ago"},
      {"n2", unheard, Errc::invalid_argument, "was not heard since this leader started"},
      {"n3", four, Errc::invalid_argument, "n3 (node 4, at n3:1) is a learner"},
      {"n9", four, Errc::not_found, "n9 is not a member; those are n0, n1, n2, n3"},
      {"", alone, Errc::invalid_argument, "nobody else could lead"},
      {"n1", alone, Errc::invalid_argument, "nobody else could lead: start another voter first"},
  };
  for (const auto& [name, status, code, why] : cases) {
    const auto to = plan_transfer(name, status);
    ASSERT_FALSE(to) << name;
    EXPECT_EQ(to.error().code, code) << name;
    EXPECT_THAT(to.error().message, HasSubstr(why)) << name;
  }
  EXPECT_EQ(plan_transfer("n1", four), 2u);
  EXPECT_EQ(plan_transfer("", four), 2u);
  EXPECT_EQ(plan_transfer("n0", four), 1u) << "it leads";
}

TEST(MemberPlan, GivenWishesThatCannotBeThenTheReasonSaysWhatToDo) {
  const auto three = group({member(1), member(2), member(3)});
  const auto one_dead = group({member(1), member(2), member(3, true, kSilent)});
  const std::tuple<const char*, raft::GroupStatus, MemberRequest, Errc, const char*> cases[] = {
      {"a name twice", three, {Kind::add, "n1", "x:1"}, Errc::already_exists, "n1 is a member, at n1:1"},
      {"an address twice", three, {Kind::add, "n3", "n1:1"}, Errc::already_exists, "n1:1 is the address of n1"},
      {"no address", three, {Kind::add, "n3", "x"}, Errc::invalid_argument, "host:port"},
      {"a name that ends early", three, {Kind::add, "n-3", "x:1"}, Errc::invalid_argument, "without '-'"},
      {"a stranger goes", three, {Kind::remove, "n7"}, Errc::not_found, "those are n0, n1, n2"},
      {"a live one goes while one is dead",
       one_dead,
       {Kind::remove, "n1"},
       Errc::invalid_argument,
       "2 voters, of which 1 live and 2 are needed (n2 is silent)"},
      {"the last voter goes", group({member(1)}), {Kind::remove, "n0", "", true}, Errc::invalid_argument, "last voter"},
      {"a live one is replaced while another one is dead",
       one_dead,
       {Kind::replace, "n1", "x:1"},
       Errc::invalid_argument,
       "2 voters, of which 1 live and 2 are needed (n2 is silent)"},
      {"the leader is replaced", three, {Kind::replace, "n0"}, Errc::invalid_argument, "it has its data"},
      {"a stranger is replaced", three, {Kind::replace, "n7"}, Errc::not_found, "members add n7-HOST:PORT"},
      {"elsewhere, where another one is", three, {Kind::replace, "n1", "n2:1"}, Errc::already_exists, "address of n2"},
  };
  for (const auto& [what, status, request, code, why] : cases) {
    const auto plan = plan_members(request, status);
    ASSERT_FALSE(plan) << what;
    EXPECT_EQ(plan.error().code, code) << what;
    EXPECT_THAT(plan.error().message, HasSubstr(why)) << what;
  }
}

TEST(MemberPlan, GivenWishesThatCanBeThenWhoGoesGoesBeforeWhoComes) {
  const auto one_dead = group({member(1), member(2, true, 10), member(3, true, kSilent)});
  EXPECT_EQ(plan_members({Kind::remove, "n2"}, one_dead)->remove, 3u) << "the dead one may go";
  EXPECT_EQ(plan_members({Kind::remove, "3"}, one_dead)->remove, 3u) << "by its id";
  EXPECT_EQ(plan_members({Kind::remove, "n1", "", true}, one_dead)->remove, 2u) << "forced";
  EXPECT_EQ(plan_members({Kind::add, "n3", "x:1"}, one_dead)->add->address, "x:1");
  EXPECT_EQ(plan_members({Kind::replace, "n1", "x:1", true}, one_dead)->remove, 2u) << "forced";
  auto numbers = group({member(1), member(2), member(3)});
  numbers.members[2].member.name = "2";
  EXPECT_EQ(plan_members({Kind::remove, "2"}, numbers)->remove, 3u) << "a name counts before an id";
  const auto replaced = plan_members({Kind::replace, "n2"}, one_dead);
  EXPECT_EQ(replaced->remove, 3u);
  EXPECT_EQ(replaced->add->address, "n2:1");
  EXPECT_EQ(plan_members({Kind::replace, "n2", "x:1"}, one_dead)->add->address, "x:1");
  const auto again = plan_members({Kind::replace, "n2", "n2:1"}, group({member(1), member(2)}));
  EXPECT_FALSE(again->remove) << "it was removed, and then the leader stopped";
  EXPECT_EQ(again->add->name, "n2");
}

TEST(MemberPlan, GivenTheLeaderIsToGoThenTheLiveVoterThatIsClosestLeadsFirst) {
  const auto status = group({member(1), member(2, true, 5, 90), member(3, true, 5, 95), member(4, true, kSilent, 100),
                             member(5, false, 5, 100)});
  EXPECT_EQ(plan_members({Kind::remove, "n0"}, status)->hand_over_to, 3u);
  EXPECT_EQ(successor(group({member(1), member(2, true, kSilent)})), std::nullopt);
}

TEST(MemberPlan, GivenLearnersThenOneThatLivesAndHasCaughtUpIsPromoted) {
  const std::tuple<const char*, raft::MemberStatus, bool> cases[] = {
      {"caught up", member(2, false, 5, 2'000), true},     {"nearly", member(2, false, 5, 1'000), true},
      {"behind", member(2, false, 5, 999), false},         {"with nothing yet", member(2, false, 5, 0), false},
      {"silent", member(2, false, kSilent, 2'000), false}, {"a voter", member(2, true, 5, 2'000), false},
  };
  for (const auto& [what, other, is] : cases) EXPECT_EQ(promotable(group({member(1), other})).has_value(), is) << what;
  auto unheard = member(2, false);
  unheard.silent_ticks.reset();
  EXPECT_FALSE(promotable(group({member(1), unheard})));
}

TEST(MemberPlan, GivenWhoAnswersAtTheAddressThenOnlyANodeWithoutDataIsTakenIn) {
  Config config;
  config.group = "g";
  const MemberPlan::Newcomer newcomer{"n3", "x:1"};
  const auto answer = [](Stage stage, std::string group = "g", std::string name = "n3") {
    return PeerIdentity{std::move(group), "", {"its token", stage, {}, 0}, std::move(name), {}};
  };
  const std::tuple<const char*, Kind, PeerIdentity, const char*> refused[] = {
      {"another group", Kind::add, answer(Stage::empty, "h"), "is of group h"},
      {"another name", Kind::add, answer(Stage::empty, "g", "n4"), "calls itself n4"},
      {"with data", Kind::add, answer(Stage::formed), "--join"},
      {"on its way to data", Kind::add, answer(Stage::forming), "--join"},
      {"nothing lost", Kind::replace, answer(Stage::formed), "nothing to replace"},
  };
  for (const auto& [what, kind, identity, why] : refused) {
    const auto token = token_of_newcomer(config, {kind, "n3", "x:1"}, newcomer, identity);
    ASSERT_FALSE(token) << what;
    EXPECT_THAT(token.error().message, HasSubstr(why)) << what;
  }
  for (const Stage stage : {Stage::empty, Stage::joining})
    EXPECT_EQ(token_of_newcomer(config, {Kind::replace, "n3"}, newcomer, answer(stage)), "its token");
  config.peers = {{"n0", {"a", 1}}, {"n3", {"old", 1}}};
  EXPECT_THAT(how_to_start(config, newcomer), HasSubstr("--self n3 --peers 'n0-a:1;n3-x:1'"));
}

TEST(MemberPlan, GivenBodiesOfRequestsThenOnlyWhatIsMeantIsRead) {
  const auto request = parse_member_request(R"({"change":"remove","name":"n1","force":true})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->kind, Kind::remove);
  EXPECT_TRUE(request->force);
  for (const char* body :
       {"", "[]", "{", R"({"name":"n1"})", R"({"change":"add"})", R"({"change":"adopt","name":"n1"})",
        R"({"change":"add","name":1})", R"({"change":"add","name":"n1","adress":"x:1"})"})
    EXPECT_FALSE(parse_member_request(body)) << body;
}

}  // namespace
}  // namespace gantry::controller
