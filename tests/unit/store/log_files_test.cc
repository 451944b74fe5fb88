// The log's files: where they begin, what is in them while the disk is slow or refuses, and when they go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "losing_file_system.h"
#include "store_fixture.h"

namespace gantry::store {
namespace {

using testing::ElementsAre;
using Texts = std::vector<std::string>;
namespace fs = std::filesystem;

TEST(LogFile, GivenFilesThatHoldExactlyThreeEntriesThenTheFourthBeginsTheNext) {
  const std::size_t entry = StoreFixture::entry_bytes(2);
  for (const std::size_t room : {3 * entry, 3 * entry + 1, 4 * entry - 1}) {
    StoreFixture f({.log_file_bytes = room});
    Texts texts;
    for (int i = 10; i < 20; ++i) {
      texts.push_back(std::to_string(i));
      f.append("t", 0, texts.back());
      if (i % 4 == 0) f.settle();
    }
    f.settle();
    for (int starts = 0; starts < 2; ++starts) {
      const auto files = f.log_files();
      ASSERT_EQ(files.size(), 4u);
      for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(files[i].filename(), fmt::format("{:020}", 3 * entry * i));
        EXPECT_EQ(fs::file_size(files[i]), i < 3 ? 3 * entry : entry);
      }
      f.reopen();
      EXPECT_EQ(f.texts("t", 0), texts);
    }
    f.append("t", 0, "20");
    f.settle();
    EXPECT_EQ(f.log_files().size(), 4u) << "a start goes on with the last file";
  }
}

TEST(LogFile, GivenAnEntryThatIsLargerThanAFileThenItHasOneOfItsOwn) {
  StoreFixture f({.log_file_bytes = 100});
  f.append("t", 0, std::string(5000, 'x'));
  f.append("t", 0, "small");
  f.settle();
  f.reopen();
  EXPECT_EQ(f.texts("t", 0), (Texts{std::string(5000, 'x'), "small"}));
  EXPECT_EQ(f.log_files().size(), 2u);
}

TEST(LogFile, GivenASlowDiskWhenMoreGathersThanTheTailHoldsThenNothingIsOverwrittenBeforeItIsWritten) {
  auto disk = std::make_shared<LosingFileSystem>();
  StoreFixture f({.flush = Flush::sync,
                  .record_bytes_max = 1024,
                  .tail_bytes = 4096,
                  .log_file_bytes = 10'000,
                  .file_system = disk});
  Texts texts = {"first"};
  f.append("t", 0, "first");
  ASSERT_TRUE(f.run_until([&] { return f.acknowledged.size() == 1; }));
  disk->hold_syncs(true);
  for (int i = 0; i < 200; ++i) {
    texts.push_back(std::string(static_cast<std::size_t>(i) * 4 + 1, static_cast<char>('a' + i % 26)));
    ASSERT_TRUE(f.append("t", 0, texts.back()));
    if (i % 10 == 0) f.settle();
  }
  EXPECT_EQ(f.texts("t", 0), Texts{"first"});
  disk->hold_syncs(false);
  ASSERT_TRUE(f.run_until([&] { return f.acknowledged.size() == texts.size(); }));
  EXPECT_EQ(f.texts("t", 0), texts);
  f.append("t", 0, "last");  // the tail is small again
  texts.push_back("last");
  ASSERT_TRUE(f.run_until([&] { return f.acknowledged.size() == texts.size(); }));
  EXPECT_EQ(f.texts("t", 0), texts);
  f.reopen();
  EXPECT_EQ(f.texts("t", 0), texts);
}

TEST(LogFile, GivenASlowDiskWhenTooMuchGathersThenMoreIsRefused) {
  auto disk = std::make_shared<LosingFileSystem>();
  StoreFixture f({.flush = Flush::sync, .gathered_bytes_max = 10'000, .tail_bytes = 4096, .file_system = disk});
  disk->hold_syncs(true);
  f.append("t", 0, "in the disk's hands");
  f.settle();
  int taken = 0;
  Result<std::int64_t> last = 0;
  while ((last = f.append("t", 0, std::string(1000, 'x')))) ++taken;
  EXPECT_EQ(last.error().code, Errc::resource_exhausted);
  EXPECT_EQ(taken, 8);
  disk->hold_syncs(false);
  EXPECT_TRUE(f.run_until([&] { return f.acknowledged.size() == 9; }));
}

// How a group is refused: cut in the middle of the log's write, or whole in the log and refused by RocksDB; and whether
// the file can be made shorter at once.
struct Refusal {
  Flush flush;
  bool in_log;
  bool stuck;
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << (refusal.flush == Flush::sync ? "sync" : "async") << (refusal.in_log ? ", in the log" : ", in RocksDB")
       << (refusal.stuck ? ", taken back later" : "");
}

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, GivenAGroupThatTheDiskRefusedThenNothingOfItComesBack) {
  const Refusal how = GetParam();
  auto disk = std::make_shared<LosingFileSystem>();
  StoreFixture f({.flush = how.flush, .log_file_bytes = 1000, .file_system = disk});
  f.append("t", 0, "before", {"k"});
  ASSERT_TRUE(f.run_until([&] { return f.acknowledged.size() == 1; }));
  const std::size_t bytes = f.entry_bytes(std::string("refused 0").size());
  if (how.in_log) {
    disk->power_off_after(7 * bytes + 20);  // the first file, the second whole, some of the third
  } else {
    disk->refuse_files(".log");
  }
  disk->set_stuck(how.stuck);
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(f.append("t", 0, "refused " + std::to_string(i), {"k"}));
  ASSERT_TRUE(f.run_until([&] { return f.failed.size() == 9; }));
  EXPECT_EQ(f.texts("t", 0), Texts{"before"});
  EXPECT_FALSE(f.append("t", 0, "refused at once"));
  if (!how.stuck && !how.in_log) {
    EXPECT_EQ(fs::file_size(f.log_files().back()), f.entry_bytes(6) + 8) << "shortened at once";
  }
  disk->set_stuck(false);
  disk->refuse_files("");
  disk->power_on();
  ASSERT_TRUE(f.run_until([&] { return !f.store->broken(); }));
  EXPECT_EQ(f.log_files().size(), 1u);
  EXPECT_EQ(fs::file_size(f.log_files().back()), f.entry_bytes(6) + 8);
  f.append("t", 0, "after", {"k"});
  ASSERT_TRUE(f.run_until([&] { return f.acknowledged.size() == 2; }));
  EXPECT_EQ(f.texts("t", 0), (Texts{"before", "after"}));
  for (int starts = 0; starts < 2; ++starts) {
    f.reopen();
    EXPECT_EQ(f.texts("t", 0), (Texts{"before", "after"}));
    EXPECT_EQ(f.store->log().find_by_key(MessageLog::hash_key("t", "k"), 9)->size(), 2u);
    EXPECT_FALSE(f.store->log().lost_messages());
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, Refused,
                         testing::Values(Refusal{Flush::async, true, false}, Refusal{Flush::async, true, true},
                                         Refusal{Flush::async, false, false}, Refusal{Flush::async, false, true},
                                         Refusal{Flush::sync, true, false}, Refusal{Flush::sync, true, true},
                                         Refusal{Flush::sync, false, false}, Refusal{Flush::sync, false, true}));

TEST(LogFile, GivenAClockThatWentBackForAWhileThenWhatIsYoungStays) {
  StoreFixture f({.log_file_bytes = 300, .retention_ms = 1000});
  f.clock_ms = 10'000;
  f.append("t", 0, "young");
  f.clock_ms = 5'000;
  for (int i = 0; i < 6; ++i) f.append("t", 0, "wrong time " + std::to_string(i));
  f.clock_ms = 10'100;
  f.append("t", 0, "young too");
  f.settle();
  ASSERT_GT(f.log_files().size(), 2u);
  f.clock_ms = 10'200;
  f.store->enforce_retention();
  f.settle();
  EXPECT_EQ(f.texts("t", 0).front(), "young");
  f.clock_ms = 12'000;
  f.store->enforce_retention();
  f.settle();
  EXPECT_TRUE(f.texts("t", 0).empty());
}

// Damage must not keep the disk filling for ever.
TEST(LogFile, GivenFilesThatDoNotSayTheirTimeWhenTheyAreOldThenTheyGoToo) {
  StoreFixture f({.log_file_bytes = 1, .retention_ms = 1000});  // a file for each message
  for (int i = 0; i < 6; ++i) {
    f.clock_ms = 10'000 + 100 * i;
    f.append("t", 0, "m" + std::to_string(i));
  }
  f.settle();
  f.store.reset();
  const auto files = f.log_files();
  ASSERT_EQ(files.size(), 6u);
  std::fstream(files[1], std::ios::in | std::ios::out | std::ios::binary) << "damaged";
  std::filesystem::resize_file(files[2], 0);
  f.reopen();
  f.clock_ms = 11'350;  // keeps what was stored at 10'350 or later, and what the file before it may hold
  f.store->enforce_retention();
  f.settle();
  EXPECT_EQ(f.store->log().open("t", 0).min_offset(), 3);
  EXPECT_EQ(f.log_files().size(), 3u);
  f.clock_ms = 20'000;
  f.store->enforce_retention();
  f.settle();
  EXPECT_TRUE(f.log_files().empty());
}

TEST(LogFile, GivenRetentionWhenFilesAreOldThenTheyGoAsAWholeAndTheRestStays) {
  StoreFixture f({.log_file_bytes = 4 * StoreFixture::entry_bytes(2), .retention_ms = 100'000});
  for (int i = 10; i < 30; ++i) {
    f.clock_ms = 1000 * i;
    f.append("t", i % 2, std::to_string(i));
    f.settle();
  }
  ASSERT_EQ(f.log_files().size(), 5u);
  f.clock_ms = 100'000 + 18'500;  // what came before 18'500 is too old: the first two files, and one of the third
  f.store->enforce_retention();
  f.settle();
  EXPECT_EQ(f.log_files().size(), 3u);
  EXPECT_EQ(f.store->log().earliest_store_time_ms(), 18'000);
  EXPECT_EQ(f.store->log().min_physical_offset(), 8 * f.entry_bytes(2));
  for (int starts = 0; starts < 2; ++starts) {
    EXPECT_EQ(f.texts("t", 0).front(), "18");
    EXPECT_EQ(f.texts("t", 0, 3).size(), 6u);
    EXPECT_EQ(f.store->log().find("t", 1)->min_offset(), 4);
    EXPECT_EQ(f.store->log().record_at(kEntryHeaderBytes).error().code, Errc::not_found);
    f.reopen();
    EXPECT_EQ(f.log_files().size(), 3u);
  }
}

TEST(LogFile, GivenATrickleOfMessagesThenFilesBeginBeforeTheyAreFullSoThatTheOldCanGo) {
  StoreFixture f({.retention_ms = 1000});
  for (int i = 0; i < 30; ++i) {
    f.clock_ms = 10'000 + 100 * i;
    f.append("t", 0, std::to_string(i));
    f.settle();
    f.store->enforce_retention();
    f.settle();
  }
  EXPECT_LE(f.log_files().size(), 6u);
  EXPECT_GE(f.store->log().earliest_store_time_ms(), f.clock_ms - 1500);
  EXPECT_LE(f.store->log().earliest_store_time_ms(), f.clock_ms - 1000);
  f.clock_ms += 5000;  // and then nothing more comes
  f.store->enforce_retention();
  f.settle();
  EXPECT_TRUE(f.log_files().empty());
  EXPECT_EQ(f.store->log().earliest_store_time_ms(), std::nullopt);
  EXPECT_EQ(f.texts("t", 0), Texts());
  for (const char* text : {"new", "newer"}) {
    f.append("t", 0, text);
    f.settle();
  }
  EXPECT_EQ(f.texts("t", 0), (Texts{"new", "newer"}));
  EXPECT_EQ(f.log_files().size(), 1u);
  f.clock_ms += 5000;
  f.store->enforce_retention();
  f.append("t", 0, "newest");  // before it is stored that the old go
  f.settle();
  EXPECT_EQ(f.log_files().size(), 1u);
  EXPECT_EQ(f.store->log().earliest_store_time_ms(), f.clock_ms);
  for (int starts = 0; starts < 2; ++starts) {
    EXPECT_EQ(f.texts("t", 0), Texts{"newest"});
    EXPECT_EQ(f.store->log().find("t", 0)->min_offset(), 32);
    f.reopen();
  }
}

}  // namespace
}  // namespace gantry::store
