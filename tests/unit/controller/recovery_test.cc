// What a survivor's directory holds, and the group that begins with it.
#include "controller/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "raft/file_log_store.h"
#include "replication/entry_codec.h"
#include "replication/snapshot.h"

namespace gantry::controller {
namespace {

using testing::HasSubstr;

class RecoveryTest : public testing::Test {
 protected:
  void SetUp() override {
    directory = std::filesystem::temp_directory_path() / ("gantry-recovery-" + std::to_string(::getpid()));
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
  }
  void TearDown() override { std::filesystem::remove_all(directory); }

  std::string at(const std::string& name) const { return (directory / name).string(); }
  static raft::Entry entry(raft::Index index, raft::Term term, const std::string& set) {
    const std::vector<replication::Command> commands{replication::ApplyBrokerId{"c", set, 1, "10.0.0.1:1;1"}};
    return {index, term, raft::EntryKind::normal, replication::encode_entry(commands)};
  }
  // n1 of three founders: set a in the snapshot, b committed, c and d behind, of which nobody noted a commit.
  void make_survivor(const std::string& where) {
    auto identity = load_identity(where);
    ASSERT_TRUE(identity);
    identity->stage = Identity::Stage::formed;
    identity->founding = {{"n0", "x"}, {"n1", identity->token}, {"n2", "z"}};
    identity->name = "n1";
    identity->group = "old";
    ASSERT_TRUE(store_identity(where, *identity));
    auto store = raft::FileLogStore::open({.directory = where + "/log", .node = 2});
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->load());
    const raft::Members members{{{1, "a:1", true, "n0"}, {2, "b:1", true, "n1"}, {3, "c:1", true, "n2"}}, 3};
    replication::State state;
    state.apply(replication::ApplyBrokerId{"c", "a", 1, "10.0.0.1:1;1"});
    ASSERT_TRUE((*store)->install_snapshot({{10, 2}, members}, replication::encode_snapshot(state), {2, 0, 10}));
    const std::vector<raft::Entry> more{entry(11, 2, "b"),
                                        {12, 3, raft::EntryKind::normal, ""},
                                        entry(13, 3, "c"),
                                        {14, 3, raft::EntryKind::membership, "somebody came"},
                                        entry(15, 3, "d")};
    ASSERT_TRUE((*store)->save({4, 3, 12}, more, true));
  }

  std::filesystem::path directory;
};

TEST_F(RecoveryTest, GivenASnapshotAndALogThenAllOfItIsTheStateAlsoWhatNobodyNotedAsCommitted) {
  make_survivor(at("old"));
  const auto survivor = read_survivor(at("old"));
  ASSERT_TRUE(survivor) << survivor.error().message;
  EXPECT_EQ(survivor->state.sets().size(), 4u);
  EXPECT_NE(survivor->state.find("d"), nullptr) << "it may have been acknowledged";
  EXPECT_EQ(survivor->last, (raft::Position{15, 3}));
  EXPECT_EQ(survivor->not_known_committed, 3u);
  EXPECT_EQ(survivor->free_id, 5u) << "4 may have been given by the entry that changed the members";
}

TEST_F(RecoveryTest, GivenThatThenTheNewGroupHasItAloneInANewTermUnderANewNameIdAndToken) {
  make_survivor(at("old"));
  const auto survivor = read_survivor(at("old"));
  ASSERT_TRUE(survivor);
  ASSERT_TRUE(found_anew(*survivor, {at("new"), "anew", "n1", "b:1"}));
  const auto identity = load_identity(at("new"));
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->stage, Identity::Stage::formed);
  EXPECT_EQ(identity->node, 5u);
  EXPECT_EQ(identity->group, "anew");
  EXPECT_NE(identity->token, survivor->identity.token);
  auto store = raft::FileLogStore::open({.directory = at("new") + "/log", .node = 5});
  ASSERT_TRUE(store);
  const auto stored = (*store)->load();
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->hard_state, (raft::HardState{5, 0, 15})) << "no vote of before counts";
  const auto snapshot = (*store)->read_snapshot();
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->meta.members, (raft::Members{{{5, "b:1", true, "n1", identity->token}}, 5}));
  EXPECT_EQ(*replication::decode_snapshot(snapshot->bytes), survivor->state);
  EXPECT_FALSE(std::filesystem::exists(at("new") + ".unfinished"));
}

TEST_F(RecoveryTest, GivenWhatMustNotBeThenNothingIsMade) {
  make_survivor(at("old"));
  const auto survivor = read_survivor(at("old"));
  ASSERT_TRUE(survivor);
  EXPECT_THAT(found_anew(*survivor, {at("new"), "old", "n1", "b:1"}).error().message, HasSubstr("must not be called"));
  EXPECT_FALSE(std::filesystem::exists(at("new")));
  EXPECT_EQ(found_anew(*survivor, {at("old"), "anew", "n1", "b:1"}).error().code, Errc::already_exists);
  EXPECT_THAT(read_survivor(at("absent")).error().message, HasSubstr("no directory of a controller"));
  EXPECT_FALSE(std::filesystem::exists(at("absent")));
  ASSERT_TRUE(load_identity(at("empty")));
  EXPECT_THAT(read_survivor(at("empty")).error().message, HasSubstr("of no member of a group"));
}

}  // namespace
}  // namespace gantry::controller
