#include "raft/rocksdb_log_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/checksum.h"
#include "raft/bytes.h"
#include "raft/snapshot_file.h"
#include "unit/raft/cluster.h"

namespace gantry::raft::group_test {
namespace {

using testing::HasSubstr;

// A directory of the test's own, and the store in it, which can be closed and opened again.
class RocksDbStore : public testing::Test {
 protected:
  void SetUp() override {
    auto name = std::string("gantry-raft-") + testing::UnitTest::GetInstance()->current_test_info()->name() + "-" +
                std::to_string(::getpid());
    directory_ = std::filesystem::temp_directory_path() / name.substr(name.size() > 200 ? name.size() - 200 : 0);
    std::filesystem::remove_all(directory_);
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  Result<Stored> open(NodeId node = 1) {
    store_.reset();
    auto opened = RocksDbLogStore::open({.directory = directory_, .node = node});
    if (!opened) return std::unexpected(opened.error());
    store_ = std::move(*opened);
    return store_->load();
  }

  // A founded store with entries 2 to 1 + count, each of `bytes`.
  void fill(Index count, std::size_t bytes = 10) {
    ASSERT_TRUE(open());
    ASSERT_TRUE(store_->install_snapshot(meta({1, 1}), "", {.term = 1, .commit = 1}));
    for (Index index = 2; index < count + 2; ++index) {
      std::vector<Entry> entries{{index, 1, EntryKind::normal, std::string(bytes, 'x')}};
      ASSERT_TRUE(store_->save({.term = 1, .vote = 1, .commit = index - 1}, entries, true));
    }
  }

  static SnapshotMeta meta(Position at) { return {at, {{{1, "a:1", true}, {2, "b:2", false}}, 2}}; }

  std::filesystem::path log_file() const {
    for (const auto& entry : std::filesystem::directory_iterator(directory_ / "log")) {
      if (entry.path().extension() == ".log" && entry.file_size() > 0) return entry.path();
    }
    return {};
  }

  // Changes one byte of a file.
  static void damage(const std::filesystem::path& file, std::uint64_t at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(stream);
    stream.seekg(static_cast<std::streamoff>(at));
    auto byte = static_cast<char>(stream.get() ^ 0x40);
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(byte);
  }

  std::filesystem::path directory_;
  std::unique_ptr<RocksDbLogStore> store_;
};

TEST_F(RocksDbStore, GivenANewDirectoryThenItIsEmptyAndCountsItsOpenings) {
  auto stored = open();
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->empty());
  EXPECT_EQ(stored->incarnation, 1u);
  EXPECT_EQ(open()->incarnation, 2u);
}

TEST_F(RocksDbStore, GivenWhatWasSavedWhenItIsOpenedAgainThenItIsThere) {
  fill(5);
  auto stored = open();
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->hard_state, (HardState{1, 1, 5}));
  EXPECT_EQ(stored->last_index, 6u);
  EXPECT_EQ(stored->truncated, (Position{1, 1}));
  EXPECT_EQ(stored->snapshot, meta({1, 1}));
  auto entries = store_->read(3, 7, 1 << 20);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 4u);
  EXPECT_EQ(entries->front(), (Entry{3, 1, EntryKind::normal, "xxxxxxxxxx"}));
}

TEST_F(RocksDbStore, GivenALimitThenAReadStopsThereButHasAtLeastOneEntry) {
  fill(5);
  EXPECT_EQ(store_->read(2, 7, 25)->size(), 2u);
  EXPECT_EQ(store_->read(2, 7, 1)->size(), 1u);
  EXPECT_EQ(store_->read(7, 8, 100).error().code, Errc::corrupt);
}

TEST_F(RocksDbStore, GivenAConflictingSuffixThenItIsCut) {
  fill(5);
  std::vector<Entry> other{{4, 2, EntryKind::membership, "new"}};
  ASSERT_TRUE(store_->save({.term = 2, .commit = 3}, other, true));
  EXPECT_EQ(store_->read(2, 9, 1 << 20)->size(), 3u);
  auto stored = open();
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->last_index, 4u);
  EXPECT_EQ(store_->read(4, 5, 100)->front(), other.front());
}

TEST_F(RocksDbStore, GivenASnapshotAndACompactionThenOnlyLaterEntriesAndTheNewestSnapshotAreKept) {
  fill(10);
  ASSERT_TRUE(store_->save_snapshot(meta({5, 1}), "five"));
  ASSERT_TRUE(store_->save_snapshot(meta({8, 1}), "eight"));
  ASSERT_TRUE(store_->compact({6, 1}));
  EXPECT_FALSE(store_->read(6, 7, 100));
  auto stored = open();
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->truncated, (Position{6, 1}));
  EXPECT_EQ(stored->last_index, 11u);
  EXPECT_EQ(stored->snapshot, meta({8, 1}));
  EXPECT_EQ(store_->read_snapshot()->bytes, "eight");
  EXPECT_FALSE(std::filesystem::exists(snapshot_path(directory_, 5)));
}

TEST_F(RocksDbStore, GivenASnapshotOfTheLeaderThenItReplacesTheLog) {
  fill(10);
  ASSERT_TRUE(store_->install_snapshot(meta({50, 3}), "state", {.term = 3, .vote = 2, .commit = 50}));
  auto stored = open();
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->truncated, (Position{50, 3}));
  EXPECT_EQ(stored->last_index, 50u);
  EXPECT_EQ(stored->hard_state, (HardState{3, 2, 50}));
}

TEST_F(RocksDbStore, GivenTheLogOfAnotherNodeThenItIsRefused) {
  fill(1);
  auto other = open(2);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::invalid_argument);
  EXPECT_THAT(other.error().message, HasSubstr("node 1"));
}

TEST_F(RocksDbStore, GivenATornTailThenTheLastWriteIsGoneAndTheRestIsThere) {
  fill(5);
  store_.reset();
  auto file = log_file();
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 3);
  auto stored = open();
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->last_index, 5u);
  EXPECT_EQ(stored->hard_state.commit, 4u);
}

TEST_F(RocksDbStore, GivenDamageInTheMiddleThenItDoesNotOpenAndSaysWhereAndWhatToDo) {
  fill(50, 100);
  store_.reset();
  damage(log_file(), std::filesystem::file_size(log_file()) / 2);
  auto stored = open();
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, Errc::corrupt);
  EXPECT_THAT(stored.error().message, HasSubstr(directory_.string()));
  EXPECT_THAT(stored.error().message, HasSubstr("whole data directory"));
  EXPECT_THAT(stored.error().message, HasSubstr("gantry controller members replace"));
}

TEST_F(RocksDbStore, GivenADamagedTornOrMissingSnapshotThenItDoesNotOpen) {
  for (const std::string what : {"damaged", "torn", "missing"}) {
    std::filesystem::remove_all(directory_);
    fill(5);
    ASSERT_TRUE(store_->save_snapshot(meta({5, 1}), std::string(1000, 's')));
    store_.reset();
    auto file = snapshot_path(directory_, 5);
    if (what == "missing") {
      std::filesystem::remove(file);
    } else if (what == "torn") {
      std::filesystem::resize_file(file, 700);
    } else {
      damage(file, 500);
    }
    auto stored = open();
    ASSERT_FALSE(stored) << what;
    EXPECT_EQ(stored.error().code, Errc::corrupt);
    EXPECT_THAT(stored.error().message, HasSubstr(file));
  }
}

TEST_F(RocksDbStore, GivenASnapshotOfANewerFormatThenItDoesNotOpenSaysSoAndKeepsIt) {
  fill(5);
  ASSERT_TRUE(store_->save_snapshot(meta({5, 1}), "state"));
  store_.reset();
  const auto file = snapshot_path(directory_, 5);
  const std::string newer = "\x09 what a later version writes";
  std::string content;
  put_fixed(content, crc32c(newer));
  std::ofstream(file, std::ios::binary | std::ios::trunc) << content << newer;
  auto stored = open();
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, Errc::unimplemented);
  EXPECT_THAT(stored.error().message, HasSubstr(file));
  EXPECT_THAT(stored.error().message, HasSubstr("start a newer gantry"));
  EXPECT_THAT(stored.error().message, testing::Not(HasSubstr("remove"))) << "it is not damaged";
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(RocksDbStore, GivenACrashInTheMiddleOfASnapshotThenWhatWasLeftBehindIsRemoved) {
  fill(5);
  auto left = snapshot_path(directory_, 4) + ".unfinished";
  std::ofstream(left) << "half";
  ASSERT_TRUE(open());
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_EQ(store_->read_snapshot()->meta, meta({1, 1}));
}

TEST_F(RocksDbStore, GivenADirectoryThatCannotBeThenTheErrorSaysSo) {
  std::ofstream(directory_.string()) << "a file";
  auto stored = open();
  ASSERT_FALSE(stored);
  EXPECT_THAT(stored.error().message, HasSubstr(directory_.string()));
}

TEST_F(RocksDbStore, GivenThreeNodesOnDisksWhenAllRestartThenTheyGoOn) {
  Cluster cluster(3, [this](NodeId id) -> std::shared_ptr<LogStore> {
    auto opened = RocksDbLogStore::open({.directory = directory_ / std::to_string(id), .node = id});
    EXPECT_TRUE(opened);
    return std::shared_ptr<LogStore>(std::move(*opened));
  });
  cluster.elect();
  for (int i = 0; i < 20; ++i) cluster.write(std::to_string(i));
  for (NodeId id = 1; id <= 3; ++id) {
    cluster.stop(id);
    cluster.nodes[id].store.reset();
    cluster.nodes[id].store =
        std::move(*RocksDbLogStore::open({.directory = directory_ / std::to_string(id), .node = id}));
    cluster.start(id);
  }
  cluster.elect();
  cluster.write("after");
  ASSERT_TRUE(cluster.until([&] {
    return cluster.nodes[1].applied.size() + cluster.nodes[2].applied.size() + cluster.nodes[3].applied.size() == 63;
  }));
}

}  // namespace
}  // namespace gantry::raft::group_test
