// What the answers of several controllers come to.
#include "cli/controller_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

namespace gantry::cli {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const NodeAnswer kRefused{"c:1", fail(Errc::unavailable, "cannot connect to c:1: Connection refused")};

// A node of three; leader: its name, or empty.
NodeAnswer node(int id, std::string role, const std::string& leader, std::int64_t applied = 100,
                std::int64_t term = 5) {
  json::array members;
  for (int one = 1; one <= 3; ++one) {
    members.push_back(json::object{{"id", one},
                                   {"name", "n" + std::to_string(one - 1)},
                                   {"address", std::string(1, static_cast<char>('a' + one - 1)) + ":1"},
                                   {"voter", true},
                                   {"matched_index", nullptr}});
  }
  return {std::string(1, static_cast<char>('a' + id - 1)) + ":1",
          json::object{{"id", id},
                       {"name", "n" + std::to_string(id - 1)},
                       {"role", std::move(role)},
                       {"term", term},
                       {"leader", leader.empty() ? json::value(nullptr) : json::value(leader)},
                       {"commit_index", applied},
                       {"applied_index", applied},
                       {"members", std::move(members)}}};
}
NodeAnswer waiting(const std::string& name, const std::string& address) {
  return {address, json::object{{"id", 0}, {"name", name}, {"role", "waiting"}, {"leader", nullptr}}};
}
std::string told(const std::vector<NodeAnswer>& answers) {
  Findings findings;
  advise_on_group(answers, findings);
  return json::serialize(findings.list());
}

TEST(ControllerGroup, GivenAMajorityThenTheOneThatLeadsIsAskedAndElseOneThatKnowsIt) {
  const std::vector<NodeAnswer> all{kRefused, node(1, "follower", "n1"), node(2, "leader", "n1")};
  EXPECT_EQ(way_to_leader(all)->address, "b:1");
  const std::vector<NodeAnswer> follower{kRefused, node(1, "follower", "n1")};
  EXPECT_EQ(way_to_leader(follower)->address, "a:1");
  const std::vector<NodeAnswer> stale{node(1, "leader", "n0", 100, 4), node(2, "leader", "n1")};
  EXPECT_EQ(way_to_leader(stale)->address, "b:1") << "of the higher term";
  EXPECT_EQ(way_to_leader({kRefused, node(1, "candidate", ""), waiting("n3", "d:1")}), nullptr);
}

TEST(ControllerGroup, GivenNoMajorityThenWhatTheNewestKnowsIsShownAsNotConfirmed) {
  const std::vector<NodeAnswer> answers{node(1, "candidate", "", 120), kRefused};
  const json::array members = members_unconfirmed(answers);
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[0].at("role"), "candidate");
  EXPECT_EQ(members[0].at("alive"), true);
  EXPECT_EQ(members[2].at("role"), "unreachable");
  EXPECT_TRUE(members[2].at("alive").is_null()) << "unknown is not dead";
  EXPECT_EQ(members[2].at("confirmed"), false);
  EXPECT_THAT(why_no_leader(answers), AllOf(HasSubstr("1 of 3 voters answered here (n0), and 2 must run"),
                                            HasSubstr("start n1 at b:1, n2 at c:1")));
  EXPECT_EQ(whose_knowledge(answers), "shown is what n0 knows (term 5, entry 120), not confirmed by a majority");
  EXPECT_EQ(whose_knowledge({kRefused}), "");
  EXPECT_THAT(why_no_leader({node(1, "candidate", ""), node(2, "candidate", "")}),
              HasSubstr("do they reach each other"));
  EXPECT_THAT(why_no_leader({node(1, "follower", "n2"), kRefused}),
              HasSubstr("n0 takes n2 for the leader, which does not answer"));
}

TEST(ControllerGroup, GivenNobodyOrNoGroupThenItSaysSo) {
  EXPECT_EQ(why_no_leader({kRefused}), "no controller answers: cannot connect to c:1: Connection refused");
  const std::vector<NodeAnswer> empty{waiting("n0", "a:1"), kRefused};
  EXPECT_THAT(why_no_leader(empty), HasSubstr("no group is formed yet: n0 waits for it"));
  const json::array members = members_unconfirmed(empty);
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].at("role"), "waiting");
  EXPECT_TRUE(members[0].at("id").is_null());
}

TEST(ControllerGroup, GivenSetsThenTheirLiveBrokersAreKnown) {
  const auto brokers = brokers_of_sets(
      R"([{"set":"s","replicas":[{"id":1,"address":"x:1","alive":true},{"id":2,"address":"y:1","alive":false}]},3])");
  ASSERT_EQ(brokers.size(), 1u);
  EXPECT_EQ(brokers[0].set + " " + brokers[0].address, "s x:1");
  EXPECT_TRUE(brokers_of_sets("no json").empty());
}

TEST(ControllerGroup, GivenAGroupThatIsWellThenDoctorSaysWhoLeadsAndHowManyMayFail) {
  const std::string found = told({node(1, "follower", "n1"), node(2, "leader", "n1"), node(3, "follower", "n1", 90)});
  EXPECT_THAT(found, AllOf(HasSubstr("n1 leads, all 3 voters answer, 1 may fail"),
                           HasSubstr("entry 90 applied, 10 behind"), Not(HasSubstr("warning"))));
}

TEST(ControllerGroup, GivenWhatIsAmissThenDoctorSaysWhatToDo) {
  EXPECT_THAT(told({node(1, "follower", "n1"), node(2, "leader", "n1"), kRefused}),
              AllOf(HasSubstr("n1 leads, 2 of 3 voters answer; silent here: n2 at c:1"),
                    HasSubstr("when one more fails, nobody is elected")));
  EXPECT_THAT(told({node(1, "follower", "n1", 100), node(2, "leader", "n1", 5'000), node(3, "follower", "n1", 5'000)}),
              HasSubstr("4900 behind"));
  EXPECT_THAT(told({node(1, "follower", "n2"), node(2, "leader", "n1"), node(3, "follower", "n1")}),
              HasSubstr("takes n2 for the leader"));
  EXPECT_THAT(told({node(1, "candidate", ""), kRefused}),
              AllOf(HasSubstr("\"failed\""), HasSubstr("no controller leads: 1 of 3 voters answered")));
  EXPECT_THAT(told({kRefused}), AllOf(HasSubstr("\"failed\""), HasSubstr("none answers")));
  EXPECT_EQ(told({}), "[]");
  EXPECT_EQ(told({{"j:1", fail(Errc::unimplemented, "of another kind")}}), "[]") << "Java's say nothing of this";
}

}  // namespace
}  // namespace gantry::cli
