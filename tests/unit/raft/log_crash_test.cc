// Random work on a log of files beside one in memory, and at any write the power goes: of the bytes that the write changed some
// sectors are on the disk and others are not. The log is then as it was before the write or as it was after it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "raft/file_log_store.h"
#include "sim/raft/memory_log_store.h"

namespace gantry::raft {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t sector_bytes = 512;

using Files = std::map<std::string, std::string>;

Files read_files(const fs::path& directory) {
  Files out;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    out[entry.path().filename()] = {std::istreambuf_iterator<char>(stream), {}};
  }
  return out;
}

void write_files(const fs::path& directory, const Files& files) {
  for (const auto& entry : fs::directory_iterator(directory)) fs::remove(entry.path());
  for (const auto& [name, bytes] : files) std::ofstream(directory / name, std::ios::binary) << bytes;
}

struct Seen {
  HardState hard_state;
  Position truncated;
  Index last_index = 0;
  std::optional<SnapshotMeta> snapshot;
  std::vector<Entry> entries;

  bool operator==(const Seen&) const = default;
};

Result<Seen> look(LogStore& store) {
  auto stored = store.load();
  if (!stored) return std::unexpected(stored.error());
  Seen seen{stored->hard_state, stored->truncated, stored->last_index, stored->snapshot, {}};
  if (seen.last_index > seen.truncated.index) {
    auto entries = store.read(seen.truncated.index + 1, seen.last_index + 1, std::size_t{1} << 30);
    if (!entries) return std::unexpected(entries.error());
    seen.entries = std::move(*entries);
  }
  return seen;
}

// One disk, and what it should have.
class CrashingLog {
 public:
  explicit CrashingLog(std::uint64_t seed) : random_(seed) {
    directory_ = fs::temp_directory_path() / fmt::format("gantry-log-crash-{}-{}", ::getpid(), seed);
    fs::remove_all(directory_);
    open();
    EXPECT_TRUE(both([&](LogStore& store) { return store.install_snapshot(meta({1, 1}), "", {1, 0, 1}); }));
    last_ = {1, 1};
  }
  ~CrashingLog() {
    store_.reset();
    fs::remove_all(directory_);
  }

  void step() {
    const auto before = read_files(directory_ / "log");
    const auto snapshots_before = read_files(directory_);
    const auto model_before = model_;
    const auto position_before = std::tuple(last_, truncated_, snapshot_, term_);
    change();
    if (HasFailure() || random_() % 4 != 0) return;
    store_.reset();
    const auto after = read_files(directory_ / "log");
    // Only where the file's content changed, the change of names and of sizes being synced on its own.
    const bool same_names = std::ranges::equal(before, after, {}, &Files::value_type::first, &Files::value_type::first);
    if (!same_names) return reopen(model_);
    write_files(directory_ / "log", torn(before, after));
    for (const auto& [name, bytes] : snapshots_before) std::ofstream(directory_ / name, std::ios::binary) << bytes;
    open();
    auto seen = look(*store_);
    ASSERT_TRUE(seen) << seen.error().message;
    auto old = model_before;
    if (*seen == *look(model_)) return;
    ASSERT_EQ(*seen, *look(old));
    model_ = model_before;
    std::tie(last_, truncated_, snapshot_, term_) = position_before;
  }

 private:
  static bool HasFailure() { return testing::Test::HasFailure(); }
  static SnapshotMeta meta(Position at) { return {at, {{{1, "a:1", true}}, 1}}; }

  void open() {
    auto opened = FileLogStore::open({.directory = directory_, .node = 1, .segment_bytes = 32 << 10});
    ASSERT_TRUE(opened);
    store_ = std::move(*opened);
    if (last_.index == 0) {
      ASSERT_TRUE(store_->load());
    }
  }

  void reopen(sim::MemoryLogStore& expected) {
    open();
    auto seen = look(*store_);
    ASSERT_TRUE(seen) << seen.error().message;
    ASSERT_EQ(*seen, *look(expected));
  }

  template <class Call>
  bool both(Call call) {
    const auto real = call(*store_);
    EXPECT_TRUE(real) << real.error().message;
    return real && call(model_);
  }

  void change() {
    switch (random_() % 12) {
      case 0: {  // another leader's entries replace some of ours
        ++term_;
        const Index first = std::max(truncated_.index, snapshot_.index) + 1 +
                            random_() % (last_.index - std::max(truncated_.index, snapshot_.index) + 1);
        return append(first);
      }
      case 1: {
        ++term_;
        const HardState hard_state{term_, random_() % 2, snapshot_.index};
        ASSERT_TRUE(both([&](LogStore& store) { return store.save(hard_state, {}, true); }));
        return;
      }
      case 2: {
        snapshot_ = last_;
        ASSERT_TRUE(both([&](LogStore& store) { return store.save_snapshot(meta(last_), "state"); }));
        return;
      }
      case 3: {
        if (snapshot_.index == truncated_.index) return append(last_.index + 1);
        truncated_ = snapshot_;
        ASSERT_TRUE(both([&](LogStore& store) { return store.compact(truncated_); }));
        return;
      }
      case 4: {
        if (random_() % 8 != 0) return append(last_.index + 1);
        last_ = truncated_ = snapshot_ = {last_.index + 100, term_};
        ASSERT_TRUE(both(
            [&](LogStore& store) { return store.install_snapshot(meta(last_), "theirs", {term_, 0, last_.index}); }));
        return;
      }
      default: return append(last_.index + 1);
    }
  }

  void append(Index first) {
    std::vector<Entry> entries;
    for (std::uint64_t i = 0, count = 1 + random_() % 4; i < count; ++i)
      entries.push_back(
          {first + i, term_, EntryKind::normal, std::string(random_() % 3000, char('a' + random_() % 26))});
    const HardState hard_state{term_, 0, first - 1};
    ASSERT_TRUE(both([&](LogStore& store) { return store.save(hard_state, entries, true); }));
    last_ = {entries.back().index, term_};
  }

  Files torn(const Files& before, Files after) {
    for (auto& [name, bytes] : after) {
      const auto& old = before.at(name);
      for (std::size_t at = 0; at < bytes.size(); at += sector_bytes) {
        if (random_() % 2 == 0) bytes.replace(at, sector_bytes, old.substr(at, sector_bytes));
      }
    }
    return after;
  }

  std::mt19937_64 random_;
  fs::path directory_;
  std::unique_ptr<FileLogStore> store_;
  sim::MemoryLogStore model_;
  Position last_, truncated_, snapshot_{1, 1};
  Term term_ = 1;
};

TEST(LogCrash, GivenPowerLossInTheMiddleOfAnyWriteThenTheLogIsAsBeforeOrAsAfterIt) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    CrashingLog log(seed);
    for (int i = 0; i < 120 && !testing::Test::HasFailure(); ++i) log.step();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace gantry::raft
