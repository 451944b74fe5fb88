#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "store_fixture.h"

namespace gantry::store {
namespace {

TEST(Store, GivenMessagesWhenTheStoreIsOpenedAgainThenTheyAreThere) {
  StoreFixture f;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(f.append("t", 0, "m" + std::to_string(i)));
  f.append("t", 1, "other");
  ASSERT_EQ(f.settle().size(), 4u);
  EXPECT_EQ(f.texts("t", 0), (std::vector<std::string>{"m0", "m1", "m2"}));
  f.reopen();
  EXPECT_EQ(f.texts("t", 0), (std::vector<std::string>{"m0", "m1", "m2"}));
  EXPECT_EQ(f.texts("t", 1), (std::vector<std::string>{"other"}));
  f.append("t", 0, "m3");
  f.settle();
  EXPECT_EQ(f.texts("t", 0), (std::vector<std::string>{"m0", "m1", "m2", "m3"}));
}

TEST(Store, GivenAnAppendWhenItsBatchIsNotWrittenYetThenReadersDoNotSeeIt) {
  StoreFixture f;
  ASSERT_TRUE(f.append("t", 0, "m"));
  EXPECT_EQ(f.store->log().open("t", 0).max_offset(), 0);
  f.settle();
  EXPECT_EQ(f.store->log().open("t", 0).max_offset(), 1);
  EXPECT_EQ(f.arrivals, (std::vector<std::string>{"t/0"}));
}

TEST(Store, GivenManyAppendsInOneTurnThenTheyAreOneWriteAndOneArrival) {
  StoreFixture f;
  for (int i = 0; i < 100; ++i) f.append("t", 0, "m");
  EXPECT_EQ(f.settle().size(), 100u);
  EXPECT_EQ(f.arrivals.size(), 1u);
}

TEST(Store, GivenMoreThanTheTailHoldsWhenReadFromTheStartThenNothingIsMissing) {
  StoreFixture f({.record_bytes_max = 1024, .tail_bytes = 4096});
  std::vector<std::string> sent;
  for (int i = 0; i < 200; ++i) {
    sent.push_back(std::string(static_cast<std::size_t>(1 + i * 37 % 800), static_cast<char>('a' + i % 26)));
    ASSERT_TRUE(f.append("t", i % 2, sent.back()));
    if (i % 7 == 0) f.settle();
  }
  f.settle();
  std::vector<std::string> even, odd;
  for (std::size_t i = 0; i < sent.size(); ++i) (i % 2 == 0 ? even : odd).push_back(sent[i]);
  EXPECT_EQ(f.texts("t", 0), even);
  EXPECT_EQ(f.texts("t", 1), odd);
  EXPECT_EQ(f.texts("t", 0, 97), (std::vector<std::string>(even.begin() + 97, even.end())));
}

TEST(Store, GivenARecordThatIsTooLargeThenItIsRefused) {
  StoreFixture f({.record_bytes_max = 1024, .tail_bytes = 4096});
  EXPECT_EQ(f.append("t", 0, std::string(1025, 'x')).error().code, Errc::invalid_argument);
}

TEST(Store, GivenTimesWhenAskedForTheOffsetAtATimeThenItIsTheFirstNotOlder) {
  StoreFixture f;
  for (int i = 0; i < 10; ++i) {
    f.clock_ms = 1000 + 10 * i;
    f.append("t", 0, "m");
  }
  f.settle();
  Queue& queue = f.store->log().open("t", 0);
  struct Case {
    std::int64_t time_ms, offset;
  };
  for (const auto& c :
       {Case{0, 0}, Case{1000, 0}, Case{1001, 1}, Case{1050, 5}, Case{1090, 9}, Case{1091, 10}, Case{9999, 10}}) {
    EXPECT_EQ(f.store->log().offset_at_time(queue, c.time_ms), c.offset) << c.time_ms;
  }
}

TEST(Store, GivenKeysWhenAskedByKeyThenTheNewestComesFirst) {
  StoreFixture f;
  f.append("t", 0, "a", {"k"});
  f.append("t", 0, "b", {"k", "l"});
  f.append("u", 0, "c", {"k"});
  f.settle();
  const auto by_key = [&](std::string_view key, std::size_t max) {
    return *f.store->log().find_by_key(MessageLog::hash_key("t", key), max);
  };
  auto found = by_key("k", 10);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_GT(found[0], found[1]);
  EXPECT_EQ(f.text_of(*f.store->log().record_at(found[0])), "b");
  EXPECT_EQ(by_key("l", 10).size(), 1u);
  EXPECT_EQ(by_key("k", 1).size(), 1u);
  EXPECT_TRUE(by_key("x", 10).empty());
}

TEST(Store, GivenAPhysicalOffsetWithoutMessageThenItIsNotFound) {
  StoreFixture f;
  f.append("t", 0, "a");
  f.settle();
  EXPECT_EQ(f.store->log().record_at(1).error().code, Errc::not_found);
  EXPECT_EQ(f.store->log().entry_at(f.store->log().open("t", 0), 7).error().code, Errc::not_found);
}

TEST(Store, GivenRetentionByAgeWhenTimePassesThenTheMinimumOffsetMovesAndStaysMoved) {
  StoreFixture f({.log_file_bytes = 1, .retention_ms = 1000});  // a file for each message
  for (int i = 0; i < 10; ++i) {
    f.clock_ms = 10'000 + 100 * i;
    f.append("t", 0, "m" + std::to_string(i));
    f.append("t", 1, "n" + std::to_string(i));
  }
  f.settle();
  f.clock_ms = 11'450;  // keeps what was stored at 10'450 or later
  f.store->enforce_retention();
  f.settle();
  EXPECT_EQ(f.store->log().open("t", 0).min_offset(), 5);
  EXPECT_EQ(f.store->log().open("t", 1).min_offset(), 4) << "a file goes when the next one begins with what is old";
  EXPECT_EQ(f.texts("t", 0).front(), "m5");
  EXPECT_EQ(f.log_files().size(), 11u);
  f.reopen();
  EXPECT_EQ(f.store->log().open("t", 0).min_offset(), 5);
  f.clock_ms = 20'000;
  f.store->enforce_retention();
  f.settle();
  EXPECT_EQ(f.store->log().open("t", 0).min_offset(), 10);
  f.reopen();
  EXPECT_EQ(f.store->log().open("t", 0).min_offset(), 10);
  EXPECT_EQ(f.store->log().open("t", 0).max_offset(), 10);
  EXPECT_TRUE(f.log_files().empty());
  f.append("t", 0, "m10");
  f.settle();
  EXPECT_EQ(f.texts("t", 0), (std::vector<std::string>{"m10"}));
}

TEST(Store, GivenRetentionBySizeThenTheOldestGo) {
  StoreFixture f({.log_file_bytes = 1, .retention_ms = 0, .retention_bytes = 1000});
  for (int i = 0; i < 10; ++i) f.append("t", 0, std::string(200, static_cast<char>('0' + i)));
  f.settle();
  f.store->enforce_retention();
  f.settle();
  const std::uint64_t kept = f.store->log().max_physical_offset() - f.store->log().min_physical_offset();
  EXPECT_LT(kept, 1000 + f.entry_bytes(200)) << "the first file is needed for the limit";
  EXPECT_GE(kept, 1000u);
  EXPECT_EQ(f.texts("t", 0).size(), 3u);
  EXPECT_EQ(f.log_files().size(), 3u);
}

TEST(Store, GivenATopicThatIsDroppedInTheTurnOfItsMessagesThenNothingOfItIsLeft) {
  StoreFixture f;
  f.append("t", 0, "gone");
  f.store->log().drop("t");
  f.append("t", 0, "new");
  f.settle();
  EXPECT_EQ(f.texts("t", 0), (std::vector<std::string>{"new"}));
  f.reopen();
  EXPECT_EQ(f.texts("t", 0), (std::vector<std::string>{"new"}));
}

TEST(Store, GivenADroppedTopicThenItStartsAnewFromZero) {
  StoreFixture f;
  f.append("t", 0, "a");
  f.settle();
  f.store->log().drop("t");
  f.settle();
  EXPECT_EQ(f.store->log().find("t", 0), nullptr);
  f.append("t", 0, "b");
  f.settle();
  EXPECT_EQ(f.texts("t", 0), (std::vector<std::string>{"b"}));
  f.reopen();
  EXPECT_EQ(f.texts("t", 0), (std::vector<std::string>{"b"}));
}

TEST(Store, GivenTimersThenTheDueOnesComeInOrder) {
  StoreFixture f;
  ASSERT_TRUE(f.store->add_timer(300, 1, "c"));
  ASSERT_TRUE(f.store->add_timer(100, 2, "a"));
  ASSERT_TRUE(f.store->add_timer(200, 3, "b"));
  f.store->when_durable([](const Result<void>&) {});
  f.settle();
  auto due = f.store->due_timers(0, 250, 10);
  ASSERT_TRUE(due);
  ASSERT_EQ(due->size(), 2u);
  EXPECT_EQ((*due)[0].record, "a");
  EXPECT_EQ((*due)[1].record, "b");
  EXPECT_EQ(*f.store->next_due_ms(201), 300);
  f.store->erase_timer(100, 2);
  f.settle();
  EXPECT_EQ(f.store->due_timers(0, 250, 10)->size(), 1u);
  EXPECT_EQ(*f.store->next_due_ms(301), std::nullopt);
}

TEST(Store, GivenSettingsThenTheyAreThereAfterOpeningAgain) {
  StoreFixture f;
  f.store->put("x/a", "1");
  f.store->put("x/b", "2");
  f.store->put("y", "3");
  f.store->erase("x/a");
  f.settle();
  f.reopen();
  std::vector<std::string> seen;
  ASSERT_TRUE(f.store->for_each_setting(
      "x/", [&](auto key, auto value) { seen.push_back(std::string(key) + "=" + std::string(value)); }));
  EXPECT_EQ(seen, (std::vector<std::string>{"x/b=2"}));
}

TEST(Store, GivenACollectorWhenItsSettingChangesOftenInATurnThenItIsAskedOnceAndWritten) {
  StoreFixture f;
  int value = 0, asked = 0;
  f.store->add_collector([&] {
    ++asked;
    f.store->put("n", std::to_string(value));
  });
  for (value = 0; value < 100; ++value) f.store->settings_changed();
  f.settle();
  EXPECT_EQ(asked, 1);
  ++value;
  f.store->settings_changed();
  f.store->stop();  // a turn that did not come
  EXPECT_EQ(asked, 2);
  f.reopen();
  std::vector<std::string> values;
  ASSERT_TRUE(f.store->for_each_setting("n", [&](auto, auto stored) { values.emplace_back(stored); }));
  EXPECT_EQ(values, (std::vector<std::string>{"101"}));
}

TEST(Store, GivenADirectoryInUseWhenItIsOpenedThenTheErrorSaysWhatToDo) {
  StoreFixture f;
  boost::asio::io_context io;
  auto second = Store::open(io, f.options(), nullptr);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
  EXPECT_THAT(second.error().message, testing::HasSubstr("in use by another process"));
}

TEST(Store, GivenADirectoryThatCannotBeMadeThenTheErrorNamesIt) {
  boost::asio::io_context io;
  auto store = Store::open(io, {.directory = "/proc/none/such"}, nullptr);
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message, testing::HasSubstr("/proc/none/such"));
  EXPECT_THAT(store.error().message, testing::HasSubstr("--data"));
}

TEST(Store, GivenSyncFlushThenAnswersComeAfterTheDisk) {
  StoreFixture f({.flush = Flush::sync});
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(f.append("t", 0, "m"));
    f.run_until([&] { return f.acknowledged.size() == static_cast<std::size_t>(10 * (round + 1)); });
  }
  EXPECT_EQ(f.texts("t", 0).size(), 50u);
}

}  // namespace
}  // namespace gantry::store
