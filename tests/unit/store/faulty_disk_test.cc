// What the store does when the disk fails in the middle of something: nothing is lost that was there before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <thread>

#include "losing_file_system.h"
#include "store_fixture.h"

namespace gantry::store {
namespace {

std::vector<std::string> one(std::string text) { return {std::move(text)}; }

TEST(FaultyDisk, GivenADiskThatCannotBeReadThenRetentionDeletesNothing) {
  auto disk = std::make_shared<LosingFileSystem>();
  StoreFixture f({.log_file_bytes = 1, .retention_ms = 1000, .file_system = disk});  // a file for each message
  for (int i = 0; i < 100; ++i) {
    f.clock_ms = 10'000 + 100 * i;
    f.append("t", 0, std::string(4000, 'm'));
  }
  f.settle();
  f.reopen();                                                  // from memory into files
  ASSERT_EQ(f.store->log().earliest_store_time_ms(), 10'000);  // the oldest record is in the cache now, others are not
  f.clock_ms = 12'000;                                         // all up to 11'000 are too old
  disk->set_unreadable(true);
  f.store->enforce_retention();
  f.settle();
  EXPECT_EQ(f.store->log().min_physical_offset(), 0u);
  EXPECT_EQ(f.store->log().open("t", 0).min_offset(), 0);
  EXPECT_EQ(f.store->log().open("t", 0).max_offset(), 100);

  disk->set_unreadable(false);
  f.store->enforce_retention();
  f.settle();
  EXPECT_EQ(f.store->log().open("t", 0).min_offset(), 9) << "its file goes when the next one is too old, too";
  EXPECT_EQ(f.texts("t", 0).size(), 91u);
}

TEST(FaultyDisk, GivenADiskThatCannotBeReadThenTimersAndKeysSaySo) {
  auto disk = std::make_shared<LosingFileSystem>();
  StoreFixture f({.file_system = disk});
  ASSERT_TRUE(f.store->add_timer(300, 1, std::string(20'000, 't')));
  for (int i = 0; i < 1000; ++i) f.append("t", 0, "m", {"k" + std::to_string(i)});
  f.settle();
  f.reopen();  // from memory into files
  disk->set_unreadable(true);
  EXPECT_FALSE(f.store->next_due_ms(0));
  EXPECT_FALSE(f.store->log().find_by_key(MessageLog::hash_key("t", "k7"), 10));
  disk->set_unreadable(false);
  EXPECT_EQ(*f.store->next_due_ms(0), 300);
  EXPECT_EQ(f.store->log().find_by_key(MessageLog::hash_key("t", "k7"), 10)->size(), 1u);
}

TEST(FaultyDisk, GivenADroppedQueueWhoseRowsStayedThenItsNumberIsNotUsedAgain) {
  auto disk = std::make_shared<LosingFileSystem>();
  StoreFixture f({.file_system = disk});
  for (const char* text : {"old 0", "old 1", "old 2"}) f.append("t", 0, text);
  f.settle();
  disk->set_full(true);
  f.store->log().drop("t");
  f.settle();
  ASSERT_TRUE(f.store->broken());
  disk->set_full(false);
  ASSERT_TRUE(f.run_until([&] { return !f.store->broken(); }));
  f.reopen();
  ASSERT_EQ(f.store->log().find("t", 0), nullptr);
  f.append("u", 0, "new");
  f.settle();
  EXPECT_EQ(f.texts("u", 0), one("new"));
  f.reopen();
  EXPECT_EQ(f.store->log().open("u", 0).max_offset(), 1);
  EXPECT_EQ(f.texts("u", 0), one("new"));
}

TEST(FaultyDisk, GivenTheLimitOfUnsavedKeysThenKeptOnesStillTakeTheirNewestValue) {
  auto disk = std::make_shared<LosingFileSystem>();
  StoreFixture f({.unsaved_keys_max = 1, .file_system = disk});
  f.store->put("setting/a", "1");
  f.settle();
  disk->set_full(true);
  f.store->put("setting/a", "2");
  f.settle();
  ASSERT_TRUE(f.store->broken());
  f.store->put("setting/b", "beyond the limit");
  f.store->put("setting/a", "3");
  disk->set_full(false);
  ASSERT_TRUE(f.run_until([&] { return !f.store->broken(); }));
  std::vector<std::string> values;
  ASSERT_TRUE(f.store->for_each_setting("setting/", [&](auto, auto value) { values.emplace_back(value); }));
  EXPECT_EQ(values, one("3"));
}

TEST(FaultyDisk, GivenAFullDiskWhenACollectorsSettingChangesThenItIsWrittenWhenThereIsRoom) {
  auto disk = std::make_shared<LosingFileSystem>();
  StoreFixture f({.file_system = disk});
  int value = 1;
  f.store->add_collector([&] { f.store->put("setting/a", std::to_string(value)); });
  f.store->settings_changed();
  f.settle();
  disk->set_full(true);
  value = 2;
  f.store->settings_changed();
  f.settle();
  ASSERT_TRUE(f.store->broken());
  value = 3;
  f.store->settings_changed();
  disk->set_full(false);
  ASSERT_TRUE(f.run_until([&] { return !f.store->broken(); }));
  f.store->stop();
  f.reopen();
  std::vector<std::string> values;
  ASSERT_TRUE(f.store->for_each_setting("setting/", [&](auto, auto stored) { values.emplace_back(stored); }));
  EXPECT_EQ(values, one("3"));
}

std::map<std::string, std::string> settings(StoreFixture& f) {
  std::map<std::string, std::string> found;
  EXPECT_TRUE(f.store->for_each_setting("setting/", [&](auto name, auto value) { found.emplace(name, value); }));
  return found;
}

TEST(FaultyDisk, GivenSettingsThatTheDiskRefusedWhenThereIsRoomAtTheStopThenTheyAreWritten) {
  for (const Flush flush : {Flush::async, Flush::sync}) {
    auto disk = std::make_shared<LosingFileSystem>();
    StoreFixture f({.flush = flush, .file_system = disk});
    f.store->put("setting/a", "1");
    ASSERT_TRUE(f.run_until([&] { return !settings(f).empty(); }));
    disk->set_full(true);
    f.store->put("setting/a", "2");
    ASSERT_TRUE(f.run_until([&] { return f.store->broken(); }));
    f.store->put("setting/b", "3");
    disk->set_full(false);
    f.store->stop();
    f.reopen();
    EXPECT_EQ(settings(f), (std::map<std::string, std::string>{{"setting/a", "2"}, {"setting/b", "3"}}));
  }
}

TEST(FaultyDisk, GivenSettingsThatTheDiskRefusesAtTheStopThenItIsSaidHowManyAreLost) {
  for (const bool broken_before : {true, false}) {
    auto disk = std::make_shared<LosingFileSystem>();
    StoreFixture f({.file_system = disk});
    f.store->put("setting/a", "1");
    f.settle();
    disk->set_full(true);
    f.store->put("setting/a", "2");
    if (broken_before) f.settle();
    f.store->put("setting/b", "3");
    Said said;
    f.store->stop();
    EXPECT_THAT(said.text(), testing::HasSubstr("2 settings")) << broken_before;
    EXPECT_THAT(said.text(), testing::HasSubstr("are lost")) << broken_before;
    disk->set_full(false);
  }
}

// A file for each of the messages 0 to 9, stored 100 ms apart, of which 1000 ms are kept.
struct FilesThatAge {
  explicit FilesThatAge(Flush flush)
      : f({.flush = flush, .log_file_bytes = 1, .retention_ms = 1000, .file_system = disk}) {
    for (int i = 0; i < 10; ++i) {
      f.clock_ms = 10'000 + 100 * i;
      f.append("t", 0, std::to_string(i));
    }
    EXPECT_TRUE(f.run_until([&] { return f.acknowledged.size() == 10; }));
  }
  void break_by(const std::function<void()>& change) {
    change();
    f.store->put("setting", "changed");
    EXPECT_TRUE(f.run_until([&] { return f.store->broken(); }));
  }

  std::shared_ptr<LosingFileSystem> disk = std::make_shared<LosingFileSystem>();
  StoreFixture f;
};

class DiskFilledByOthers : public testing::TestWithParam<Flush> {};

TEST_P(DiskFilledByOthers, GivenFilesThatAreTooOldThenTheyGoAllTheSameAndMakeRoom) {
  FilesThatAge aged(GetParam());
  StoreFixture& f = aged.f;
  aged.break_by([&] { aged.disk->set_full(true); });
  f.clock_ms = 11'450;  // messages 0 to 4 are too old; the last file of them ends with the next one
  f.store->enforce_retention();
  EXPECT_EQ(f.log_files().size(), 6u);
  EXPECT_EQ(f.texts("t", 0).front(), "4");
  f.clock_ms = 20'000;
  f.store->enforce_retention();
  EXPECT_EQ(f.log_files().size(), 1u) << "by the last file a start knows where the log went on";
  aged.disk->set_full(false);
  ASSERT_TRUE(f.run_until([&] { return !f.store->broken(); }));
  f.store->enforce_retention();
  ASSERT_TRUE(f.run_until([&] { return f.log_files().empty(); }));
  f.append("t", 0, "new");
  ASSERT_TRUE(f.run_until([&] { return f.acknowledged.size() == 11; }));
  for (int starts = 0; starts < 2; ++starts) {
    EXPECT_EQ(f.texts("t", 0), one("new"));
    EXPECT_EQ(f.store->log().find("t", 0)->min_offset(), 10);
    f.reopen();
    EXPECT_FALSE(f.store->log().lost_messages());
  }
}

TEST_P(DiskFilledByOthers, GivenAProcessThatEndsBeforeItIsStoredWhichFilesWentThenAStartFindsTheRest) {
  FilesThatAge aged(GetParam());
  StoreFixture& f = aged.f;
  aged.break_by([&] { aged.disk->set_full(true); });
  f.clock_ms = 11'450;
  f.store->enforce_retention();
  ASSERT_EQ(f.log_files().size(), 6u);
  aged.disk->power_off();
  f.store.reset();
  aged.disk->power_on();
  aged.disk->set_full(false);
  for (int starts = 0; starts < 2; ++starts) {
    f.reopen();
    EXPECT_EQ(f.texts("t", 0), (std::vector<std::string>{"4", "5", "6", "7", "8", "9"}));
    EXPECT_EQ(f.store->log().find("t", 0)->min_offset(), 4);
    EXPECT_EQ(f.store->log().find("t", 0)->max_offset(), 10);
  }
}

TEST_P(DiskFilledByOthers, GivenARetentionThatCouldNotBeStoredThenItsFilesGoWithTheNext) {
  FilesThatAge aged(GetParam());
  StoreFixture& f = aged.f;
  aged.disk->set_full(true);
  f.clock_ms = 11'450;
  f.store->enforce_retention();
  ASSERT_TRUE(f.run_until([&] { return f.store->broken(); }));
  ASSERT_EQ(f.log_files().size(), 10u);
  aged.disk->set_full(false);
  ASSERT_TRUE(f.run_until([&] { return !f.store->broken(); }));
  f.store->enforce_retention();
  EXPECT_TRUE(f.run_until([&] { return f.log_files().size() == 6; }));
  EXPECT_EQ(f.texts("t", 0).front(), "4");
}

INSTANTIATE_TEST_SUITE_P(Flushes, DiskFilledByOthers, testing::Values(Flush::async, Flush::sync),
                         [](const auto& info) { return info.param == Flush::sync ? "Sync" : "Async"; });

TEST(FaultyDisk, GivenADiskThatRefusesForAnotherReasonThanRoomThenRetentionDeletesNothing) {
  FilesThatAge aged(Flush::async);
  StoreFixture& f = aged.f;
  aged.break_by([&] { aged.disk->power_off(); });
  f.clock_ms = 11'450;
  f.store->enforce_retention();
  f.settle();
  EXPECT_EQ(f.log_files().size(), 10u);
  EXPECT_EQ(f.store->log().find("t", 0)->min_offset(), 0);
}

TEST(FaultyDisk, GivenAFailedBatchInFlightWhenTheStoreStopsThenWhatGatheredBehindItFailsToo) {
  auto disk = std::make_shared<LosingFileSystem>();
  StoreFixture f({.flush = Flush::sync, .file_system = disk});
  ASSERT_TRUE(f.append("t", 0, "before"));
  ASSERT_TRUE(f.run_until([&] { return f.acknowledged.size() == 1; }));
  disk->set_full(true);
  ASSERT_TRUE(f.append("t", 0, "in flight"));
  f.io.restart();
  f.io.poll_one();  // hands it to the thread
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (disk->refused_writes() == 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  ASSERT_GT(disk->refused_writes(), 0u);
  disk->set_full(false);
  ASSERT_TRUE(f.append("t", 0, "gathered"));
  f.store->stop();
  EXPECT_EQ(f.failed.size(), 2u) << "nobody waits for ever";
  EXPECT_EQ(f.acknowledged, one("before"));
  f.reopen();
  EXPECT_EQ(f.texts("t", 0), one("before"));
}

TEST(FaultyDisk, GivenABatchInFlightWhenTheStoreStopsThenAllIsWrittenAndAnswered) {
  StoreFixture f({.flush = Flush::sync});
  ASSERT_TRUE(f.append("t", 0, "in flight"));
  f.io.restart();
  f.io.poll_one();
  ASSERT_TRUE(f.append("t", 0, "gathered"));
  f.store->stop();
  EXPECT_EQ(f.acknowledged, (std::vector<std::string>{"in flight", "gathered"}));
  f.reopen();
  EXPECT_EQ(f.texts("t", 0), (std::vector<std::string>{"in flight", "gathered"}));
}

TEST(Space, GivenADiskThatFillsFastThenMessagesAreRefusedBeforeTheReserveIsUsed) {
  auto disk = std::make_shared<LosingFileSystem>();
  StoreFixture f({.free_bytes_min = 64 << 20, .file_system = disk});
  const auto send = [&] {
    auto admitted = f.store->admit_append();
    if (admitted) f.append("t", 0, std::string(1 << 20, 'x'));
    f.settle();
    return admitted;
  };
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(send());
  disk->set_free_bytes(63 << 20);
  int more = 0;
  while (send() && more < 100) ++more;
  EXPECT_LE(more, 16);
  EXPECT_EQ(f.store->admit_append().error().code, Errc::resource_exhausted);
  EXPECT_EQ(f.texts("t", 0).size(), static_cast<std::size_t>(5 + more)) << "reads go on";
}

}  // namespace
}  // namespace gantry::store
