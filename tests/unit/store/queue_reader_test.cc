#include "store/queue_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store_fixture.h"

namespace gantry::store {
namespace {

using Texts = std::vector<std::string>;

struct Way {
  int queues;          // that the records alternate between: how far apart those of one lie
  std::size_t likely;  // what the reader is told
  int every;           // records that are read of those passed
  int turn = 1;        // messages to a batch, and so to a row of the index
};

void PrintTo(const Way& way, std::ostream* out) {
  *out << way.queues << " queues, " << way.likely << " likely, every " << way.every << ", " << way.turn << " a turn";
}

class QueueReaderWays : public testing::TestWithParam<Way> {};

// 200 messages, of which the tail cache holds some twenty: the reader begins in RocksDB and ends in the tail.
TEST_P(QueueReaderWays, GivenMessagesBehindTheTailAndInItThenAllComeInOrder) {
  const Way way = GetParam();
  StoreFixture f({.record_bytes_max = 1024, .tail_bytes = 4096});
  Texts texts;
  for (int i = 0; i < 200; ++i) {
    texts.push_back("message " + std::to_string(i) + std::string(static_cast<std::size_t>(i) % 90, '.'));
    for (int queue = 0; queue < way.queues; ++queue) f.append("t", queue, texts.back());
    if (i % way.turn == way.turn - 1) f.settle();
  }
  f.settle();
  Queue& queue = *f.store->log().find("t", 0);
  for (std::int64_t offset = 0; offset < 200; offset += 13) {
    auto entry = f.store->log().entry_at(queue, offset);
    ASSERT_TRUE(entry) << offset << ": " << entry.error().message;
    EXPECT_EQ(f.text_of(*f.store->log().record_at(entry->physical_offset)), texts[static_cast<std::size_t>(offset)]);
  }
  EXPECT_EQ(f.store->log().entry_at(queue, 200).error().code, Errc::not_found);
  for (const std::int64_t from : {0, 1, 31, 32, 33, 150, 195, 199, 200}) {
    std::int64_t expected = from;
    QueueReader reader(f.store->log(), queue, from, way.likely);
    for (; reader.next(); ++expected) {
      ASSERT_EQ(reader.offset(), expected);
      if (expected % way.every != 0) continue;
      ASSERT_EQ(f.text_of(reader.record()), texts[static_cast<std::size_t>(expected)]);
      ASSERT_EQ(f.text_of(reader.record()), texts[static_cast<std::size_t>(expected)]) << "asked twice";
    }
    EXPECT_EQ(expected, 200);
    EXPECT_FALSE(reader.error());
    EXPECT_FALSE(reader.next());
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, QueueReaderWays,
                         testing::Values(Way{1, 1, 1}, Way{1, 32, 1}, Way{1, 32, 7}, Way{2, 10, 1}, Way{8, 1, 1},
                                         Way{8, 32, 1}, Way{8, 32, 5}, Way{3, 1'000'000, 1}, Way{2, 32, 1, 7},
                                         Way{2, 1, 3, 50}, Way{1, 8, 1, 200}, Way{5, 20, 1, 60}));

TEST(QueueReader, GivenRecordsBeyondTheBytesOfOneCallThenTheRestComesWithTheNext) {
  StoreFixture f({.record_bytes_max = 600 * 1024, .tail_bytes = 4096});
  for (int i = 0; i < 9; ++i) {
    f.append("t", 0, std::string(500 * 1024, static_cast<char>('a' + i)));
    f.append("t", 1, std::string(500 * 1024, 'z'));
    f.append("t", 2, std::string(500 * 1024, 'z'));
    f.append("t", 3, std::string(500 * 1024, 'z'));
    f.settle();
  }
  int i = 0;
  for (QueueReader reader(f.store->log(), *f.store->log().find("t", 0), 0, 32); reader.next(); ++i) {
    EXPECT_EQ(f.text_of(reader.record()), std::string(500 * 1024, static_cast<char>('a' + i)));
  }
  EXPECT_EQ(i, 9);
}

}  // namespace
}  // namespace gantry::store
