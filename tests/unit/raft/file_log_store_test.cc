#include "raft/file_log_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/checksum.h"
#include "raft/bytes.h"
#include "raft/log_format.h"
#include "raft/snapshot_file.h"
#include "unit/raft/cluster.h"

namespace gantry::raft::group_test {
namespace {

using testing::HasSubstr;

// A directory of the test's own, and the store in it, which can be closed and opened again.
class LogOnDisk : public testing::Test {
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
    auto opened = FileLogStore::open({.directory = directory_, .node = node, .segment_bytes = segment_bytes_});
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

  std::vector<std::filesystem::path> segments() const {
    std::vector<std::filesystem::path> all;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ / "log")) all.push_back(entry.path());
    std::ranges::sort(all);
    return all;
  }
  std::filesystem::path newest_segment() const { return segments().back(); }

  static std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static void write(const std::filesystem::path& file, std::string_view bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  }

  // Where the frames of a segment end, and where the last of them begins.
  struct Frames {
    std::uint64_t last = 0;
    std::uint64_t end = log_block_bytes;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> all{};  // begin, and end of the content
  };
  static Frames frames_of(const std::filesystem::path& file) {
    const auto bytes = bytes_of(file);
    const auto header = **decode_segment_header(bytes);
    Frames out;
    while (const auto frame = frame_at(bytes, header.salt, out.end)) {
      out.last = out.end;
      out.all.emplace_back(out.end, out.end + frame_head_bytes + frame->content.size());
      out.end = frame->end;
    }
    return out;
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
  std::size_t segment_bytes_ = 64 << 10;
  std::unique_ptr<FileLogStore> store_;
};

TEST_F(LogOnDisk, GivenANewDirectoryThenItIsEmptyAndCountsItsOpenings) {
  auto stored = open();
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->empty());
  EXPECT_EQ(stored->incarnation, 1u);
  EXPECT_EQ(open()->incarnation, 2u);
}

TEST_F(LogOnDisk, GivenWhatWasSavedWhenItIsOpenedAgainThenItIsThere) {
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

TEST_F(LogOnDisk, GivenALimitThenAReadStopsThereButHasAtLeastOneEntry) {
  fill(5);
  EXPECT_EQ(store_->read(2, 7, 25)->size(), 2u);
  EXPECT_EQ(store_->read(2, 7, 1)->size(), 1u);
  EXPECT_EQ(store_->read(7, 8, 100).error().code, Errc::corrupt);
}

TEST_F(LogOnDisk, GivenAConflictingSuffixThenItIsCut) {
  fill(5);
  std::vector<Entry> other{{4, 2, EntryKind::membership, "new"}};
  ASSERT_TRUE(store_->save({.term = 2, .commit = 3}, other, true));
  EXPECT_EQ(store_->read(2, 9, 1 << 20)->size(), 3u);
  auto stored = open();
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->last_index, 4u);
  EXPECT_EQ(store_->read(4, 5, 100)->front(), other.front());
}

TEST_F(LogOnDisk, GivenASnapshotAndACompactionThenOnlyLaterEntriesAndTheNewestSnapshotAreKept) {
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

TEST_F(LogOnDisk, GivenASnapshotOfTheLeaderThenItReplacesTheLog) {
  fill(10);
  ASSERT_TRUE(store_->install_snapshot(meta({50, 3}), "state", {.term = 3, .vote = 2, .commit = 50}));
  auto stored = open();
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->truncated, (Position{50, 3}));
  EXPECT_EQ(stored->last_index, 50u);
  EXPECT_EQ(stored->hard_state, (HardState{3, 2, 50}));
}

TEST_F(LogOnDisk, GivenTheLogOfAnotherNodeThenItIsRefused) {
  fill(1);
  auto other = open(2);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::invalid_argument);
  EXPECT_THAT(other.error().message, HasSubstr("node 1"));
}

TEST_F(LogOnDisk, GivenATornTailThenTheLastWriteIsGoneAndTheRestIsThere) {
  fill(5);
  store_.reset();
  damage(newest_segment(), frames_of(newest_segment()).last + frame_head_bytes + 3);
  auto stored = open();
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->last_index, 5u);
  EXPECT_EQ(stored->hard_state.commit, 4u);
  std::vector<Entry> entries{{6, 1, EntryKind::normal, "again"}};
  ASSERT_TRUE(store_->save({.term = 1, .vote = 1, .commit = 5}, entries, true));
  EXPECT_EQ(open()->last_index, 6u);
}

TEST_F(LogOnDisk, GivenASegmentThatIsCutOffThenWhatIsGoneIsGoneAndTheLogGoesOn) {
  fill(5);
  store_.reset();
  std::filesystem::resize_file(newest_segment(), frames_of(newest_segment()).last + 7);
  auto stored = open();
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->last_index, 5u);
  std::vector<Entry> entries{{6, 1, EntryKind::normal, "again"}};
  ASSERT_TRUE(store_->save({.term = 1, .vote = 1, .commit = 5}, entries, true));
  EXPECT_EQ(open()->last_index, 6u);
  EXPECT_EQ(store_->read(6, 7, 100)->front(), entries.front());
}

TEST_F(LogOnDisk, GivenWhatNeedNotBeSyncedThenItIsNotWritten) {
  fill(5);
  const auto before = bytes_of(newest_segment());
  ASSERT_TRUE(store_->save({.term = 1, .vote = 1, .commit = 6}, {}, false));
  EXPECT_EQ(bytes_of(newest_segment()), before);
  ASSERT_TRUE(store_->save({.term = 2, .vote = 0, .commit = 6}, {}, false)) << "a term is never forgotten";
  EXPECT_EQ(open()->hard_state, (HardState{2, 0, 6}));
}

TEST_F(LogOnDisk, GivenMoreThanASegmentHoldsThenThereAreMoreAndForgottenOnesServeAgain) {
  fill(400, 1000);
  const std::size_t at_work = segments().size();
  EXPECT_GE(at_work, 6u);
  auto stored = open();
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->last_index, 401u);
  EXPECT_EQ(store_->read(2, 402, 10 << 20)->size(), 400u);

  ASSERT_TRUE(store_->save_snapshot(meta({390, 1}), "state"));
  ASSERT_TRUE(store_->compact({380, 1}));
  EXPECT_EQ(segments().size(), 4u) << "two at work, two to spare";
  const auto spare = segments().front();
  for (Index index = 402; index < 520; ++index) {
    std::vector<Entry> entries{{index, 1, EntryKind::normal, std::string(1000, 'y')}};
    ASSERT_TRUE(store_->save({.term = 1, .vote = 1, .commit = index - 1}, entries, true));
  }
  EXPECT_FALSE(std::filesystem::exists(spare)) << "it has another name now";
  EXPECT_EQ(segments().size(), 4u);
  stored = open();
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->last_index, 519u);
  EXPECT_EQ(stored->truncated, (Position{380, 1}));
  EXPECT_EQ(store_->read(381, 520, 10 << 20)->size(), 139u);
}

TEST_F(LogOnDisk, GivenMoreInOneWriteThanASegmentHoldsThenItIsWrittenInParts) {
  fill(1);
  std::vector<Entry> entries;
  for (Index index = 3; index < 13; ++index) entries.push_back({index, 2, EntryKind::normal, std::string(20'000, 'z')});
  ASSERT_TRUE(store_->save({.term = 2, .vote = 2, .commit = 2}, entries, true));
  auto stored = open();
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->last_index, 12u);
  EXPECT_EQ(*store_->read(3, 13, 10 << 20), entries);
}

TEST_F(LogOnDisk, GivenAnEntryThatNoSegmentHoldsThenItIsRefusedInWords) {
  fill(1);
  std::vector<Entry> entries{{3, 1, EntryKind::normal, std::string(segment_bytes_, 'z')}};
  const auto saved = store_->save({.term = 1, .vote = 1, .commit = 2}, entries, true);
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, Errc::resource_exhausted);
  EXPECT_EQ(open()->last_index, 2u);
}

TEST_F(LogOnDisk, GivenDamageInTheMiddleThenItDoesNotOpenAndSaysWhereAndWhatToDo) {
  fill(50, 100);
  store_.reset();
  damage(newest_segment(), frames_of(newest_segment()).end / 2);
  auto stored = open();
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, Errc::corrupt);
  EXPECT_THAT(stored.error().message, HasSubstr(directory_.string()));
  EXPECT_THAT(stored.error().message, HasSubstr("whole data directory"));
  EXPECT_THAT(stored.error().message, HasSubstr("gantry controller members replace"));
}

// Every byte of every frame but the last, of every segment, and of the headers: found, or it stands for nothing.
TEST_F(LogOnDisk, GivenAnyDamagedByteThenTheLogSaysTheSameOrDoesNotOpen) {
  segment_bytes_ = 16 << 10;
  fill(60, 500);
  const auto expected = *open();
  const auto entries = *store_->read(2, 62, 1 << 20);
  store_.reset();
  ASSERT_GE(segments().size(), 3u);
  std::size_t found = 0;
  for (const auto& file : segments()) {
    const auto whole = bytes_of(file);
    const auto frames = frames_of(file);
    const bool newest = file == newest_segment();
    for (std::uint64_t at = 0; at < (newest ? frames.last : frames.end); at += at < 200 ? 1 : 37) {
      const auto incarnation = bytes_of(newest_segment());
      damage(file, at);
      auto stored = open();
      if (stored) {
        EXPECT_EQ(stored->last_index, expected.last_index) << file << " " << at;
        EXPECT_EQ(stored->hard_state, expected.hard_state);
        EXPECT_EQ(*store_->read(2, 62, 1 << 20), entries);
      } else {
        EXPECT_EQ(stored.error().code == Errc::corrupt || stored.error().code == Errc::unimplemented, true)
            << stored.error().message;
        ++found;
      }
      store_.reset();
      write(newest_segment(), incarnation);
      write(file, whole);
    }
  }
  EXPECT_GT(found, 500u);
}

TEST_F(LogOnDisk, GivenAHeaderThatIsGoneThenItDoesNotOpen) {
  fill(5);
  store_.reset();
  auto bytes = bytes_of(newest_segment());
  bytes.replace(0, log_block_bytes, log_block_bytes, '\0');
  write(newest_segment(), bytes);
  auto stored = open();
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, Errc::corrupt);
  EXPECT_THAT(stored.error().message, HasSubstr("its header is gone"));
  EXPECT_EQ(bytes_of(newest_segment()), bytes);
}

// A cut puts newer entries behind older ones of higher indexes; reads must follow the places, not the order in the file.
TEST_F(LogOnDisk, GivenEntriesThatWereCutThenAReadAcrossTheCutHasTheNewOnes) {
  fill(200, 300);
  std::vector<Entry> other;
  for (Index index = 100; index < 140; ++index) other.push_back({index, 2, EntryKind::normal, std::to_string(index)});
  ASSERT_TRUE(store_->save({.term = 2, .commit = 99}, other, true));
  const auto entries = store_->read(50, 200, 10 << 20);
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 90u);
  EXPECT_EQ((*entries)[49].data, std::string(300, 'x'));
  EXPECT_EQ((*entries)[50], other[0]);
  EXPECT_EQ(entries->back(), other.back());
}

TEST_F(LogOnDisk, GivenASegmentThatIsMissingThenItDoesNotOpen) {
  fill(400, 1000);
  store_.reset();
  std::filesystem::remove(segments()[2]);
  auto stored = open();
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, Errc::corrupt);
  EXPECT_THAT(stored.error().message, HasSubstr("is missing"));
}

TEST_F(LogOnDisk, GivenFilesThatACrashLeftBeforeTheyWereSegmentsThenTheyDoNoHarm) {
  fill(400, 1000);
  store_.reset();
  const auto all = segments();
  const auto name = [&](int sequence) { return directory_ / "log" / fmt::format("{:020}.log", sequence); };
  const int next = static_cast<int>(all.size()) + 1;
  for (const auto& content : {std::string(), std::string(8192, '\0'), bytes_of(all[0])}) {  // the last: renamed only
    write(name(next), content);
    auto stored = open();
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(stored->last_index, 401u);
    store_.reset();
  }
}

TEST_F(LogOnDisk, GivenTheLogOfAVersionBeforeThenItSaysSo) {
  std::filesystem::create_directories(directory_ / "log");
  write(directory_ / "log" / "CURRENT", "MANIFEST-000004\n");
  auto stored = open();
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, Errc::unimplemented);
  EXPECT_THAT(stored.error().message, HasSubstr("before the first release"));
}

TEST_F(LogOnDisk, GivenASegmentOfANewerFormatThenItSaysSoAndKeepsIt) {
  fill(5);
  store_.reset();
  auto bytes = bytes_of(newest_segment());
  bytes[12] = 9;
  write(newest_segment(), bytes);
  auto stored = open();
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, Errc::unimplemented);
  EXPECT_THAT(stored.error().message, HasSubstr("start a newer gantry"));
  EXPECT_EQ(bytes_of(newest_segment()), bytes);
}

TEST_F(LogOnDisk, GivenADamagedTornOrMissingSnapshotThenItDoesNotOpen) {
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

TEST_F(LogOnDisk, GivenASnapshotOfANewerFormatThenItDoesNotOpenSaysSoAndKeepsIt) {
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

TEST_F(LogOnDisk, GivenACrashInTheMiddleOfASnapshotThenWhatWasLeftBehindIsRemoved) {
  fill(5);
  auto left = snapshot_path(directory_, 4) + ".unfinished";
  std::ofstream(left) << "half";
  ASSERT_TRUE(open());
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_EQ(store_->read_snapshot()->meta, meta({1, 1}));
}

TEST_F(LogOnDisk, GivenADirectoryThatCannotBeThenTheErrorSaysSo) {
  std::ofstream(directory_.string()) << "a file";
  auto stored = open();
  ASSERT_FALSE(stored);
  EXPECT_THAT(stored.error().message, HasSubstr(directory_.string()));
}

TEST_F(LogOnDisk, GivenThreeNodesOnDisksWhenAllRestartThenTheyGoOn) {
  Cluster cluster(3, [this](NodeId id) -> std::shared_ptr<LogStore> {
    auto opened = FileLogStore::open({.directory = directory_ / std::to_string(id), .node = id});
    EXPECT_TRUE(opened);
    return std::shared_ptr<LogStore>(std::move(*opened));
  });
  cluster.elect();
  for (int i = 0; i < 20; ++i) cluster.write(std::to_string(i));
  for (NodeId id = 1; id <= 3; ++id) {
    cluster.stop(id);
    cluster.nodes[id].store.reset();
    cluster.nodes[id].store =
        std::move(*FileLogStore::open({.directory = directory_ / std::to_string(id), .node = id}));
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
