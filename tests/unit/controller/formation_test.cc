#include "controller/formation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace gantry::controller {
namespace {

using testing::HasSubstr;
using Stage = Identity::Stage;
using Step = FormationVerdict::Step;

Config config() {
  Config config;
  config.group = "g";
  config.self = "n1";
  config.peers = {{"n1", {"b", 1}}, {"n0", {"a", 1}}, {"n2", {"c", 1}}};
  return config;
}

PeerIdentity peer(Stage stage, std::map<std::string, std::string> founding = {}) {
  return {"g", "n0-a:1;n1-b:1;n2-c:1", {"token of the peer", stage, std::move(founding)}};
}

TEST(Formation, GivenAnswersOfPeersThenAGroupIsFormedOnlyWhenNobodyCanHaveAVoteOfOurs) {
  const Identity own{"mine", Stage::empty, {}};
  const auto none = peer(Stage::empty);
  const auto knows_us = peer(Stage::formed, {{"n1", "mine"}});
  const auto knows_another = peer(Stage::formed, {{"n1", "of the old disk"}});
  const auto forming_another = peer(Stage::forming, {{"n1", "of the old disk"}});
  const auto knows_nobody = peer(Stage::formed);
  const std::tuple<const char*, std::map<std::string, PeerIdentity>, Step, const char*> cases[] = {
      {"nobody answers", {}, Step::wait, "no answer yet of n0 at a:1, n2 at c:1"},
      {"one is silent", {{"n0", none}}, Step::wait, "n2 at c:1"},
      {"one is silent, the other remembers us", {{"n0", knows_us}}, Step::wait, "n2 at c:1"},
      {"all have nothing", {{"n0", none}, {"n2", none}}, Step::form, ""},
      {"one was faster", {{"n0", knows_us}, {"n2", none}}, Step::form, ""},
      {"both were", {{"n0", knows_us}, {"n2", knows_us}}, Step::form, ""},
      {"one remembers another disk", {{"n0", none}, {"n2", knows_another}}, Step::lost, "bring the directory back"},
      {"and the other is silent", {{"n2", knows_another}}, Step::lost, "n2 is of a group"},
      {"the same while it forms", {{"n0", none}, {"n2", forming_another}}, Step::lost, ""},
      {"one is of a group without us", {{"n0", knows_nobody}, {"n2", none}}, Step::lost, ""},
      {"another group", {{"n0", {"h", "n0-a:1;n1-b:1;n2-c:1", {}}}}, Step::mismatch, "group h"},
      {"other peers", {{"n0", {"g", "n0-a:1;n1-b:1", {}}}}, Step::mismatch, "n0-a:1;n1-b:1, this controller"},
  };
  for (const auto& [what, answers, step, why] : cases) {
    const auto verdict = may_form(config(), own, answers);
    EXPECT_EQ(verdict.step, step) << what;
    EXPECT_THAT(verdict.why, HasSubstr(why)) << what;
  }
}

TEST(Formation, GivenSilentPeersWhenAnOperatorSaysThatTheyAreGoneThenOnlyWhatIsKnownAgainstItRefuses) {
  const Identity own{"mine", Stage::empty, {}};
  const auto knows_another = peer(Stage::formed, {{"n1", "of the old disk"}});
  EXPECT_EQ(may_form(config(), own, {}, true).step, Step::form);
  EXPECT_EQ(may_form(config(), own, {{"n0", peer(Stage::empty)}}, true).step, Step::form);
  EXPECT_EQ(may_form(config(), own, {{"n0", knows_another}}, true).step, Step::lost);
  Config joins = config();
  joins.join = true;
  EXPECT_EQ(may_form(joins, own, {}, true).step, Step::wait);
  EXPECT_THAT(may_form(joins, own, {}).why, HasSubstr("members add n1-b:1 --endpoints 'a:1;c:1'"));
  EXPECT_EQ(
      may_form(config(), {"mine", Stage::joining, {}, 4}, {{"n0", peer(Stage::empty)}, {"n2", peer(Stage::empty)}})
          .step,
      Step::wait)
      << "a group has taken it in";
}

TEST(Formation, GivenMembersThatRememberATokenThenItIsInvitedUnderTheirIdAndNobodyElseIs) {
  const Identity own{"mine", Stage::empty, {}};
  auto member_of = peer(Stage::formed);
  member_of.members.list = {{1, "a:1", true, "n0", ""}, {4, "b:1", false, "n1", "mine"}};
  const auto found = find_invitation(config(), own, {{"n0", member_of}, {"n2", peer(Stage::empty)}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->node, 4u);
  EXPECT_EQ(found->members.list.size(), 2u);
  EXPECT_FALSE(find_invitation(config(), {"another", Stage::empty, {}, 0}, {{"n0", member_of}}))
      << "a disk that came after";
  member_of.group = "h";
  EXPECT_FALSE(find_invitation(config(), own, {{"n0", member_of}}));
}

TEST(Formation, GivenASingleControllerThenItFormsItsGroupAtOnce) {
  Config alone = config();
  alone.peers = {{"n1", {"b", 1}}};
  EXPECT_EQ(may_form(alone, {"mine", Stage::empty, {}}, {}).step, Step::form);
}

class IdentityFile : public testing::Test {
 protected:
  ~IdentityFile() override { std::filesystem::remove_all(directory); }
  std::string directory = std::filesystem::temp_directory_path() / ("gantry-identity-" + std::to_string(getpid()));
};

TEST_F(IdentityFile, GivenANewDirectoryThenItsTokenIsItsOwnAndStays) {
  const auto first = load_identity(directory + "/a");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->stage, Stage::empty);
  EXPECT_EQ(first->token.size(), 32u);
  EXPECT_EQ(*load_identity(directory + "/a"), *first);
  EXPECT_NE(load_identity(directory + "/b")->token, first->token);
  const Identity formed{first->token, Stage::formed, {{"n0", "x"}, {"n1", first->token}}, 0, "n1", "g"};
  ASSERT_TRUE(store_identity(directory + "/a", formed));
  EXPECT_EQ(*load_identity(directory + "/a"), formed);
}

TEST_F(IdentityFile, GivenTheDirectoryOfAnotherControllerThenItIsRefusedOnceThatOneIsAMember) {
  const Identity member{"t", Stage::formed, {}, 2, "n1", "orders"};
  EXPECT_TRUE(check_owner(member, "/d", "n1", "orders"));
  for (const auto& [self, group] : {std::pair{"n0", "orders"}, std::pair{"n1", "payments"}}) {
    const auto checked = check_owner(member, "/d", self, group);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, Errc::invalid_argument);
    EXPECT_THAT(checked.error().message, HasSubstr("/d is the directory of controller n1 of group orders"));
  }
  EXPECT_TRUE(check_owner({"t", Stage::empty, {}, 0, "n1", "orders"}, "/d", "n0", "orders"));
  EXPECT_TRUE(check_owner({"t", Stage::formed, {}, 2, "", ""}, "/d", "n0", "orders")) << "written by an older version";
}

TEST_F(IdentityFile, GivenADamagedFileThenTheErrorNamesItAndNothingIsInvented) {
  std::filesystem::create_directories(directory);
  for (const char* text :
       {"", "{", "[]", R"({"token":"","stage":"empty","founding":{}})", R"({"token":"a"})",
        R"({"token":"a","stage":"done","founding":{}})", R"({"token":"a","stage":"formed","founding":{"n0":1}})"}) {
    std::ofstream(directory + "/identity.json") << text;
    const auto identity = load_identity(directory);
    ASSERT_FALSE(identity) << text;
    EXPECT_EQ(identity.error().code, Errc::corrupt);
    EXPECT_THAT(identity.error().message, HasSubstr("identity.json"));
  }
}

}  // namespace
}  // namespace gantry::controller
