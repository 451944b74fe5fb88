#include "queueing/pop_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace gantry::queueing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::int64_t> range(std::int64_t begin, std::int64_t end) {
  std::vector<std::int64_t> offsets;
  for (; begin < end; ++begin) offsets.push_back(begin);
  return offsets;
}

TEST(PopQueue, GivenMessagesPoppedWhenNoneIsAcknowledgedThenTheGroupStandsAtTheFirst) {
  PopQueue queue(10, {});
  const PopBatch* batch = queue.pop(13, range(10, 13), 1'000, 500);
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(batch->id, (PopBatchId{10, 1'000}));
  EXPECT_EQ(queue.next_offset(), 13);
  EXPECT_EQ(queue.commit_offset(), 10);
  EXPECT_EQ(queue.in_flight(), 3u);
}

TEST(PopQueue, GivenAcknowledgementsOutOfOrderThenTheCommitOffsetIsTheFirstGap) {
  PopQueue queue(0, {});
  const PopBatchId id = queue.pop(3, range(0, 3), 1'000, 500)->id;
  auto change = queue.ack(id, 1);
  ASSERT_TRUE(change);
  EXPECT_NE(change->batch, nullptr);
  EXPECT_EQ(queue.commit_offset(), 0);
  ASSERT_TRUE(queue.ack(id, 0));
  EXPECT_EQ(queue.commit_offset(), 2);
  change = queue.ack(id, 2);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->batch, nullptr) << "a complete batch is removed";
  EXPECT_EQ(queue.commit_offset(), 3);
  EXPECT_EQ(queue.in_flight(), 0u);
}

TEST(PopQueue, GivenAFilterThatSkipsThenOnlyMatchingMessagesAreInFlight) {
  PopQueue queue(0, {});
  const PopBatchId id = queue.pop(10, {3, 7}, 1'000, 500)->id;
  EXPECT_EQ(queue.commit_offset(), 3);
  EXPECT_FALSE(queue.ack(id, 4)) << "was not handed out";
  EXPECT_TRUE(queue.ack(id, 3));
  EXPECT_TRUE(queue.ack(id, 7));
  EXPECT_EQ(queue.commit_offset(), 10);
}

TEST(PopQueue, GivenNothingMatchedThenThePositionMovesOnWithoutABatch) {
  PopQueue queue(0, {});
  EXPECT_EQ(queue.pop(10, {}, 1'000, 500), nullptr);
  EXPECT_EQ(queue.commit_offset(), 10);
}

TEST(PopQueue, GivenAnUnknownOrOldReceiptThenAckSaysSo) {
  PopQueue queue(0, {});
  const PopBatchId id = queue.pop(1, {0}, 1'000, 500)->id;
  EXPECT_FALSE(queue.ack({0, 999}, 0));
  EXPECT_TRUE(queue.ack(id, 0));
  EXPECT_FALSE(queue.ack(id, 0)) << "twice";
}

TEST(PopQueue, GivenTimeIsOverThenWhatIsLeftOfTheBatchComesBack) {
  PopQueue queue(0, {});
  const PopBatchId id = queue.pop(3, range(0, 3), 1'000, 500)->id;
  ASSERT_TRUE(queue.ack(id, 1));
  EXPECT_EQ(queue.next_due_ms(), 1'500);
  EXPECT_THAT(queue.take_due(1'499), IsEmpty());
  const auto due = queue.take_due(1'500);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_THAT(due[0].unacked(), ElementsAre(0, 2));
  EXPECT_EQ(queue.in_flight(), 0u);
  EXPECT_EQ(queue.commit_offset(), 3) << "they go on as retry messages";
  EXPECT_FALSE(queue.ack(id, 0)) << "too late";
  EXPECT_FALSE(queue.next_due_ms());
}

TEST(PopQueue, GivenARenewalThenTheOldReceiptIsVoidAndTheNewOneHolds) {
  PopQueue queue(0, {});
  const PopBatchId id = queue.pop(2, range(0, 2), 1'000, 500)->id;
  auto renewal = queue.renew(id, 1, 1'400, 10'000);
  ASSERT_TRUE(renewal);
  EXPECT_EQ(renewal->new_batch->id, (PopBatchId{1, 1'400}));
  EXPECT_FALSE(queue.ack(id, 1));
  EXPECT_EQ(queue.in_flight(), 2u);
  EXPECT_EQ(queue.take_due(1'500).size(), 1u) << "only the other message";
  EXPECT_EQ(queue.commit_offset(), 1);
  EXPECT_TRUE(queue.ack(renewal->new_batch->id, 1));
  EXPECT_EQ(queue.commit_offset(), 2);
}

TEST(PopQueue, GivenTwoRenewalsInOneMillisecondThenTheirReceiptsDiffer) {
  PopQueue queue(0, {});
  const PopBatchId id = queue.pop(1, {0}, 1'000, 500)->id;
  const PopBatchId first = queue.renew(id, 0, 1'000, 500)->new_batch->id;
  EXPECT_NE(first, id);
  const PopBatchId second = queue.renew(first, 0, 1'000, 500)->new_batch->id;
  EXPECT_NE(second, first);
  EXPECT_FALSE(queue.ack(first, 0));
  EXPECT_TRUE(queue.ack(second, 0));
}

TEST(PopQueue, GivenAResetThenNothingIsInFlightAndTheIdsToRemoveAreNamed) {
  PopQueue queue(0, {});
  const PopBatchId id = queue.pop(2, range(0, 2), 1'000, 500)->id;
  EXPECT_THAT(queue.reset(0), ElementsAre(id));
  EXPECT_EQ(queue.next_offset(), 0);
  EXPECT_EQ(queue.in_flight(), 0u);
}

TEST(PopQueue, GivenTheLimitOfMessagesInFlightThenItIsFull) {
  PopQueue queue(0, {});
  for (std::int64_t begin = 0; !queue.full(); begin += 50) queue.pop(begin + 50, range(begin, begin + 50), 1'000, 500);
  EXPECT_EQ(queue.in_flight(), PopQueue::kInFlightMax);
}

TEST(PopBatch, GivenABatchWhenStoredAndReadThenItIsTheSame) {
  PopBatch batch{{7, 1'000}, 60'000, {7, 9, 1'000'000'000'000}, 0b010};
  EXPECT_EQ(PopBatch::decode(batch.encode()), batch);
}

TEST(PopBatch, GivenBytesThatAreNoBatchThenDecodingFails) {
  const std::string good = PopBatch{{7, 1}, 2, {7, 9}, 1}.encode();
  std::string wrong_version = good;
  wrong_version[0] = 9;
  std::string stray_bits = good;
  stray_bits[25] = 0x0f;
  std::string unsorted = good;
  unsorted[33] = 99;
  for (const std::string& bytes :
       {std::string(), good.substr(0, 20), good.substr(0, 33), good + "x", wrong_version, stray_bits, unsorted}) {
    auto batch = PopBatch::decode(bytes);
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().code, Errc::corrupt);
  }
}

// Whatever happens in whatever order, no message is both forgotten and unacknowledged, and a restart changes nothing.
TEST(PopQueue, GivenRandomHistoriesThenEveryMessageIsAcknowledgedReturnedOrInFlight) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    PopQueue queue(0, {});
    std::map<PopBatchId, PopBatch> stored;  // what a caller that follows the changes has persisted
    std::set<std::int64_t> open, finished;
    std::int64_t now = 1'000, tail = 0;
    const auto apply = [&](const PopQueue::Change& change) {
      if (change.batch != nullptr) {
        stored[change.id] = *change.batch;
      } else {
        stored.erase(change.id);
      }
    };
    for (int step = 0; step < 300; ++step) {
      now += random() % 50;
      switch (random() % 5) {
        case 0:
        case 1: {
          const std::int64_t count = 1 + random() % 8;
          std::vector<std::int64_t> offsets = range(tail, tail + count);
          tail += count;
          open.insert(offsets.begin(), offsets.end());
          const PopBatch* batch = queue.pop(tail, offsets, now, 100 + random() % 200);
          stored[batch->id] = *batch;
          break;
        }
        case 2:
        case 3:
          if (!stored.empty()) {
            auto batch = std::next(stored.begin(), random() % stored.size())->second;
            const auto left = batch.unacked();
            const std::int64_t offset = left[random() % left.size()];
            if (random() % 3 == 0) {
              auto renewal = queue.renew(batch.id, offset, now, 150);
              ASSERT_TRUE(renewal) << "seed " << seed;
              apply(renewal->old_batch);
              stored[renewal->new_batch->id] = *renewal->new_batch;
            } else {
              auto change = queue.ack(batch.id, offset);
              ASSERT_TRUE(change) << "seed " << seed;
              apply(*change);
              open.erase(offset);
              finished.insert(offset);
            }
          }
          break;
        case 4:
          for (const PopBatch& due : queue.take_due(now)) {
            stored.erase(due.id);
            for (std::int64_t offset : due.unacked()) {
              ASSERT_EQ(open.erase(offset), 1u) << "seed " << seed;
              finished.insert(offset);
            }
          }
          break;
      }
      ASSERT_EQ(queue.in_flight(), open.size()) << "seed " << seed;
      ASSERT_EQ(queue.commit_offset(), open.empty() ? tail : *open.begin()) << "seed " << seed;
      if (random() % 20 == 0) {
        std::vector<PopBatch> batches;
        for (const auto& [id, batch] : stored) batches.push_back(PopBatch::decode(batch.encode()).value());
        queue = PopQueue(queue.next_offset(), batches);
      }
    }
    ASSERT_EQ(open.size() + finished.size(), static_cast<std::size_t>(tail)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace gantry::queueing
