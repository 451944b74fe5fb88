// What a start makes of a log and an index that do not agree, or of a log that is not whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <fstream>
#include <functional>

#include "losing_file_system.h"
#include "store/index_row.h"
#include "store_fixture.h"

namespace gantry::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Texts = std::vector<std::string>;
namespace fs = std::filesystem;

// Copies of a store's files: the log's and those of the index come back each on their own.
struct Copies {
  explicit Copies(StoreFixture& fixture) : f(fixture), at(fixture.directory + "-copy") {}
  ~Copies() { fs::remove_all(at); }

  void take(const std::string& name) {
    f.store.reset();
    fs::create_directories(at);
    fs::copy(f.directory, fs::path(at) / name, fs::copy_options::recursive);
  }
  void bring_back(const std::string& index, const std::string& log) {
    f.store.reset();
    fs::remove_all(f.directory);
    fs::copy(fs::path(at) / index, f.directory, fs::copy_options::recursive);
    fs::remove_all(f.directory + "/log");
    fs::copy(fs::path(at) / log / "log", f.directory + "/log", fs::copy_options::recursive);
  }

  StoreFixture& f;
  std::string at;
};

void send(StoreFixture& f, const Texts& texts, int queue = 0) {
  for (const auto& text : texts) {
    f.append("t", queue, text, {"key of " + text});
    f.settle();
  }
}

// Texts found by key; empty when the key leads nowhere.
Texts by_key(StoreFixture& f, const std::string& text) {
  Texts found;
  const auto places = f.store->log().find_by_key(MessageLog::hash_key("t", "key of " + text), 9);
  for (const std::uint64_t physical : *places) {
    if (auto record = f.store->log().record_at(physical)) found.push_back(f.text_of(*record));
  }
  return found;
}

void flip(const fs::path& file, std::uint64_t at) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekg(static_cast<std::streamoff>(at));
  const char byte = static_cast<char>(bytes.get() ^ 1);
  bytes.seekp(static_cast<std::streamoff>(at));
  bytes.put(byte);
}

class TornTail : public testing::TestWithParam<bool> {};

TEST_P(TornTail, GivenTheLastEntryCutAtEveryByteThenItIsGoneAndAllBeforeItIsThere) {
  const bool index_has_it = GetParam();
  StoreFixture f;
  Copies copies(f);
  send(f, {"a", "b"});
  copies.take("before");
  f.reopen();
  const std::uint64_t whole = f.store->log().max_physical_offset();
  send(f, {"c"});
  const std::uint64_t end = f.store->log().max_physical_offset();
  copies.take("after");
  for (std::uint64_t cut = whole; cut < end; ++cut) {
    copies.bring_back(index_has_it ? "after" : "before", "after");
    fs::resize_file(f.log_files().front(), cut);
    f.reopen();
    ASSERT_EQ(f.texts("t", 0), (Texts{"a", "b"})) << cut;
    ASSERT_EQ(f.store->log().find("t", 0)->max_offset(), 2) << cut;
    ASSERT_EQ(f.store->log().lost_messages(), index_has_it) << cut;
    ASSERT_EQ(by_key(f, "c"), Texts()) << cut;
    if (cut % 8 != 0) continue;
    send(f, {"d"});
    f.reopen();
    ASSERT_EQ(f.texts("t", 0), (Texts{"a", "b", "d"})) << cut;
    ASSERT_EQ(by_key(f, "d"), Texts{"d"}) << cut;
    ASSERT_FALSE(f.store->log().lost_messages()) << cut;
  }
}

INSTANTIATE_TEST_SUITE_P(Index, TornTail, testing::Bool(),
                         [](const auto& info) { return info.param ? "Ahead" : "Behind"; });

TEST(LogRecovery, GivenALogThatIsAheadOfItsIndexThenTheIndexIsMadeAgain) {
  StoreFixture f({.log_file_bytes = 1000});
  Copies copies(f);
  send(f, {"a"}, 0);
  send(f, {"b"}, 1);
  copies.take("before");
  f.reopen();
  Texts texts = {"a"};
  for (int i = 0; i < 300; ++i) {
    texts.push_back("m" + std::to_string(i));
    f.append("t", 0, texts.back(), {"key of " + texts.back()});
    if (i % 7 == 0) f.settle();
  }
  f.settle();
  send(f, {"c"}, 1);
  copies.take("after");
  copies.bring_back("before", "after");
  for (int starts = 0; starts < 2; ++starts) {
    f.reopen();
    EXPECT_EQ(f.texts("t", 0), texts);
    EXPECT_EQ(f.texts("t", 1), (Texts{"b", "c"}));
    EXPECT_EQ(by_key(f, "m123"), Texts{"m123"});
    EXPECT_FALSE(f.store->log().lost_messages());
  }
  send(f, {"d"}, 1);
  EXPECT_EQ(f.texts("t", 1), (Texts{"b", "c", "d"}));
}

TEST(LogRecovery, GivenAGroupWhoseSettingsAreLostWhenItIsTheLastThenItIsLeftOutAsAWhole) {
  StoreFixture f;
  Copies copies(f);
  send(f, {"a"});
  copies.take("before");
  f.reopen();
  send(f, {"b"});
  f.append("t", 0, "with a setting");
  f.append("t", 0, "and another");
  f.store->put("setting", "1");
  f.settle();
  copies.take("after");
  copies.bring_back("before", "after");
  f.reopen();
  EXPECT_EQ(f.texts("t", 0), (Texts{"a", "b"}));
  send(f, {"c"});
  f.reopen();
  EXPECT_EQ(f.texts("t", 0), (Texts{"a", "b", "c"}));
}

TEST(LogRecovery, GivenAGroupWhoseSettingsAreLostWhenOthersFollowThenItsMessagesStayAndItsQueueIsMadeAgain) {
  StoreFixture f;
  Copies copies(f);
  send(f, {"a"});
  copies.take("before");
  f.reopen();
  send(f, {"b"}, 3);  // a new queue is a setting
  send(f, {"c"}, 3);
  copies.take("after");
  copies.bring_back("before", "after");
  for (int starts = 0; starts < 2; ++starts) {
    f.reopen();
    EXPECT_EQ(f.texts("t", 0), Texts{"a"});
    EXPECT_EQ(f.texts("t", 3), (Texts{"b", "c"}));
  }
  f.append("t", 4, "d");
  f.settle();
  f.reopen();
  EXPECT_EQ(f.texts("t", 3), (Texts{"b", "c"}));
  EXPECT_EQ(f.texts("t", 4), Texts{"d"});
}

TEST(LogRecovery, GivenAnIndexThatIsAheadOfItsLogThenItsRowsAreCutAndNoOffsetFindsAnotherMessage) {
  for (const bool one_turn : {false, true}) {
    StoreFixture f;
    for (int i = 0; i < 10; ++i) {
      f.append("t", i % 2, "m" + std::to_string(i), {"key of m" + std::to_string(i)});
      if (!one_turn) f.settle();
    }
    f.settle();
    const auto lost = f.store->log().entry_at(*f.store->log().find("t", 0), 4);
    const auto kept = f.store->log().entry_at(*f.store->log().find("t", 1), 2);
    f.store.reset();
    fs::resize_file(f.log_files().front(), kept->physical_offset + kept->size + 8);
    Said said;
    f.reopen();
    EXPECT_TRUE(f.store->log().lost_messages());
    EXPECT_THAT(said.text(), HasSubstr("topic t queue 0 lost 2 messages, of offsets 3 to 4"));
    EXPECT_EQ(f.texts("t", 0), (Texts{"m0", "m2", "m4"}));
    EXPECT_EQ(f.texts("t", 1), (Texts{"m1", "m3", "m5"}));
    send(f, {"n0", "n1", "n2"});
    EXPECT_EQ(f.store->log().record_at(lost->physical_offset).error().code, Errc::not_found);
    EXPECT_EQ(by_key(f, "m8"), Texts());
    f.reopen();
    EXPECT_FALSE(f.store->log().lost_messages());
    EXPECT_EQ(f.texts("t", 0), (Texts{"m0", "m2", "m4", "n0", "n1", "n2"}));
    EXPECT_EQ(f.texts("t", 1), (Texts{"m1", "m3", "m5"}));
  }
}

TEST(LogRecovery, GivenALogThatIsGoneThenTheIndexIsEmptyAndItIsSaid) {
  StoreFixture f;
  send(f, {"a", "b"});
  f.store.reset();
  fs::remove_all(f.directory + "/log");
  f.reopen();
  EXPECT_TRUE(f.store->log().lost_messages());
  EXPECT_EQ(f.texts("t", 0), Texts());
  send(f, {"c"});
  f.reopen();
  EXPECT_EQ(f.texts("t", 0), Texts{"c"});
}

// What one byte does that is not what it was, at every place of an entry with others before and behind.
class Damage : public testing::TestWithParam<bool> {};

TEST_P(Damage, GivenADamagedByteInTheMiddleThenOnlyItsMessageIsLostAndItIsSaid) {
  const bool indexed = GetParam();
  // a file that is full is synced in the background, and a start does not look for damage there
  StoreFixture f({.log_file_bytes = indexed ? 1'000'000 : 3 * StoreFixture::entry_bytes(1) + 8 * 3});
  Copies copies(f);
  send(f, {"a"});
  copies.take("before");
  f.reopen();
  const std::uint64_t begin = f.store->log().max_physical_offset();
  send(f, {"b"});
  const std::uint64_t end = f.store->log().max_physical_offset();
  send(f, {"c", "d", "e"});
  copies.take("after");
  for (std::uint64_t at = begin; at + 8 < end; ++at) {  // the last 8 bytes are the hash of its key
    copies.bring_back(indexed ? "after" : "before", "after");
    flip(f.log_files().front(), at);
    Said said;
    f.reopen();
    Queue& queue = *f.store->log().find("t", 0);
    ASSERT_THAT(said.text(), HasSubstr(f.log_files().front().filename().string() + " is damaged")) << at;
    ASSERT_EQ(queue.max_offset(), 5) << at;
    ASSERT_EQ(f.texts("t", 0, 2), (Texts{"c", "d", "e"})) << at;
    ASSERT_EQ(f.store->log().lost_messages(), indexed) << at;
    ASSERT_EQ(f.texts("t", 0), (Texts{"a", "c", "d", "e"})) << at;
    ASSERT_EQ(f.store->log().entry_at(queue, 1).error().code, Errc::not_found) << at;
    ASSERT_EQ(*f.store->log().offset_at_time(queue, 0), 0) << at;
    ASSERT_EQ(*f.store->log().offset_at_time(queue, f.clock_ms + 1), 5) << at;
    send(f, {"f"});
    ASSERT_EQ(f.texts("t", 0, 2), (Texts{"c", "d", "e", "f"})) << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Index, Damage, testing::Bool(),
                         [](const auto& info) { return info.param ? "Complete" : "MadeAgain"; });

TEST(LogRecovery, GivenDamageThatTheStartDoesNotLookForThenItIsToldWhenItIsReadAndNotServed) {
  StoreFixture f({.flush = Flush::sync});
  for (const char* text : {"a", "b", "c"}) f.append("t", 0, text);
  ASSERT_TRUE(f.run_until([&] { return f.acknowledged.size() == 3; }));
  const auto entry = f.store->log().entry_at(*f.store->log().find("t", 0), 1);
  f.store.reset();
  const std::uint64_t begin = entry->physical_offset - kEntryHeaderBytes;
  for (std::uint64_t at = begin; at < begin + kEntryHeaderBytes + entry->size; ++at) {
    flip(f.log_files().front(), at);
    f.reopen();
    for (const std::size_t likely : {1, 32}) {
      QueueReader reader(f.store->log(), *f.store->log().find("t", 0), 0, likely);
      ASSERT_TRUE(reader.next());
      ASSERT_EQ(f.text_of(reader.record()), "a");
      ASSERT_TRUE(reader.next());
      ASSERT_EQ(reader.record(), "") << at;
      ASSERT_EQ(reader.error()->code, Errc::corrupt) << at;
    }
    ASSERT_FALSE(f.store->log().record_at(entry->physical_offset)) << at;
    ASSERT_EQ(f.texts("t", 0, 2), Texts{"c"}) << at;
    f.store.reset();
    flip(f.log_files().front(), at);
  }
}

TEST(LogRecovery, GivenADataDirectoryOfTheFormerLayoutThenItIsRefusedInWords) {
  StoreFixture f;
  f.store.reset();
  fs::remove_all(f.directory);
  rocksdb::DB* db = nullptr;
  rocksdb::Options options;
  options.create_if_missing = true;
  ASSERT_TRUE(rocksdb::DB::Open(options, f.directory, &db).ok());
  for (const char* name : {"log", "index", "keys", "timers"}) {
    rocksdb::ColumnFamilyHandle* family = nullptr;
    ASSERT_TRUE(db->CreateColumnFamily({}, name, &family).ok());
    ASSERT_TRUE(db->DestroyColumnFamilyHandle(family).ok());
  }
  delete db;
  auto opened = Store::open(f.io, f.options(), nullptr);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("was written by another version of gantry"));
  EXPECT_THAT(opened.error().message, HasSubstr("--data"));
}

// Under sync a start looks only at what came after the last sync, and everything was synced.
TEST(LogRecovery, GivenSyncedFilesThatAreGoneThenTheirMessagesAreLostAndItIsSaid) {
  struct Case {
    std::string name;
    std::function<void(const std::vector<fs::path>&)> harm;
    Texts left;
  };
  const Case cases[] = {
      {"all files",
       [](const auto& files) {
         for (const auto& file : files) fs::remove(file);
       },
       {}},
      {"the last file", [](const auto& files) { fs::remove(files.back()); }, {"a", "b"}},
      {"the end of the last file", [](const auto& files) { fs::resize_file(files.back(), 150); }, {"a", "b", "c"}},
  };
  for (const Case& one : cases) {
    StoreFixture f({.flush = Flush::sync, .log_file_bytes = 2 * StoreFixture::entry_bytes(1)});
    for (const char* text : {"a", "b", "c", "d"}) f.append("t", 0, text);
    ASSERT_TRUE(f.run_until([&] { return f.acknowledged.size() == 4; }));
    f.store.reset();
    const auto files = f.log_files();
    ASSERT_EQ(files.size(), 2u);
    one.harm(files);
    Said said;
    f.reopen();
    EXPECT_TRUE(f.store->log().lost_messages()) << one.name;
    EXPECT_THAT(said.text(), HasSubstr("topic t queue 0 lost")) << one.name;
    EXPECT_EQ(f.texts("t", 0), one.left) << one.name;
    f.append("t", 0, "new");
    ASSERT_TRUE(f.run_until([&] { return f.acknowledged.size() == 5; }));
    Texts all = one.left;
    all.push_back("new");
    for (int starts = 0; starts < 2; ++starts) {
      EXPECT_EQ(f.texts("t", 0), all) << one.name;
      f.reopen();
      EXPECT_FALSE(f.store->log().lost_messages()) << one.name;
    }
  }
}

// Writes to RocksDB below a store that is closed.
void put(StoreFixture& f, Family family, std::string_view key, std::string_view value) {
  f.store.reset();
  auto database = Database::open(f.options());
  ASSERT_TRUE(database);
  ASSERT_TRUE((*database)->db().Put({}, (*database)->family(family), key, value).ok());
}

std::string row_key(std::uint32_t queue_number, std::int64_t offset) {
  char key[kIndexKeyBytes];
  encode_index_key(key, queue_number, offset);
  return {key, sizeof key};
}

// A row that cannot be read is not a row that is not there: offsets would be given a second time.
TEST(LogRecovery, GivenStoredRowsThatCannotBeReadThenTheStartIsRefusedWithWhatToDo) {
  struct Case {
    Family family;
    std::string key, value, named;
  };
  const Case cases[] = {
      {Family::index, row_key(1, 2), "short", "topic t queue 0: a row of the index is malformed"},
      {Family::index, "longer than any row", "x", "a row of the index is malformed"},
      {Family::meta, "queue/t" + std::string("\0\0\0\0\0", 5), "short", "queue/t"},
      {Family::meta, "store/log", "short", "store/log"},
      {Family::meta, "store/log_start", "short", "store/log_start"},
  };
  for (const Case& bad : cases) {
    StoreFixture f;
    send(f, {"a", "b", "c"});
    ASSERT_EQ(f.store->log().find("t", 0)->number(), 1u);
    put(f, bad.family, bad.key, bad.value);
    auto opened = Store::open(f.io, f.options(), nullptr);
    ASSERT_FALSE(opened) << bad.named;
    EXPECT_EQ(opened.error().code, Errc::corrupt);
    EXPECT_THAT(opened.error().message, HasSubstr("data directory " + f.directory));
    EXPECT_THAT(opened.error().message, HasSubstr(bad.named));
    EXPECT_THAT(opened.error().message, HasSubstr("restore it from a copy, or move it away to start empty"));
  }
}

TEST(LogRecovery, GivenAMalformedRowBeforeTheNewestWhenTheLogLostItsEndThenTheStartIsRefused) {
  StoreFixture f;
  send(f, {"a", "b", "c"});
  const auto first = f.store->log().entry_at(*f.store->log().find("t", 0), 0);
  put(f, Family::index, row_key(f.store->log().find("t", 0)->number(), 1), "short");
  fs::resize_file(f.log_files().front(), first->physical_offset + 1);
  auto opened = Store::open(f.io, f.options(), nullptr);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("topic t queue 0: a row of the index is malformed"));
}

TEST(LogRecovery, GivenAMalformedRowOfAQueueThatIsGoneThenNobodyIsBothered) {
  StoreFixture f;
  send(f, {"a"}, 0);
  put(f, Family::index, row_key(7, 1), "short");
  f.reopen();
  EXPECT_EQ(f.texts("t", 0), Texts{"a"});
  send(f, {"b"}, 1);
  EXPECT_GT(f.store->log().find("t", 1)->number(), 7u);
  EXPECT_EQ(f.texts("t", 1), Texts{"b"});
}

}  // namespace
}  // namespace gantry::store
