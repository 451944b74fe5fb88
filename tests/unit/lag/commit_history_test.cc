#include "lag/commit_history.h"

#include <gtest/gtest.h>

namespace gantry::lag {
namespace {

using namespace std::chrono_literals;

class History : public testing::Test {
 protected:
  // Whether the queue counts as persistent when it is read so many seconds after the first reading.
  bool at(int seconds, std::optional<std::int64_t> offset, std::optional<std::int64_t> lag) {
    LagReading reading;
    reading.topic = "t";
    reading.group = "g";
    QueueReading queue;
    queue.broker = "b";
    queue.consumer_offset = offset;
    queue.lag = lag;
    queue.never_committed = !offset;
    reading.queues = {queue};
    history.mark(reading, CommitHistory::Time{} + std::chrono::seconds(seconds));
    return reading.queues[0].persistent;
  }
  CommitHistory history{30s};
};

TEST_F(History, GivenOneReadingThenNothingIsPersistent) { EXPECT_FALSE(at(0, 5, 100)); }

TEST_F(History, GivenNoCommitForLongEnoughThenTheQueueIsPersistentUntilTheNextCommit) {
  at(0, 5, 100);
  EXPECT_FALSE(at(29, 5, 110));
  EXPECT_TRUE(at(30, 5, 120));
  EXPECT_TRUE(at(60, 5, 120));
  EXPECT_FALSE(at(61, 6, 119));
  EXPECT_FALSE(at(90, 6, 119));
  EXPECT_TRUE(at(91, 6, 119));
}

TEST_F(History, GivenAnIdleQueueThenItsFirstMessageIsNotPersistentWhateverTheOffsetsAge) {
  at(0, 5, 0);
  at(3'600, 5, 0);
  EXPECT_FALSE(at(3'601, 5, 1));
  EXPECT_TRUE(at(3'631, 5, 1));
}

TEST_F(History, GivenAQueueThatWasNotReadThenWhatWasKnownStaysAndTheTimeBetweenDoesNotCount) {
  at(0, 5, 100);
  at(20, 5, 100);
  EXPECT_FALSE(at(25, 5, std::nullopt));
  EXPECT_FALSE(at(3'600, 5, 100)) << "20 s of it were covered";
  EXPECT_FALSE(at(3'609, 5, 100));
  EXPECT_TRUE(at(3'610, 5, 100));
}

TEST_F(History, GivenAnOutageThenItsTimeDoesNotCount) {
  at(0, 5, 100);
  history.failed("t", "g");
  history.failed("t", "another");
  EXPECT_FALSE(at(3'600, 5, 100));
  EXPECT_FALSE(at(3'629, 5, 100));
  EXPECT_TRUE(at(3'630, 5, 100));
}

TEST_F(History, GivenAnOffsetThatWentBackThenTheQueueIsWorkedOn) {
  at(0, 5, 100);
  EXPECT_FALSE(at(30, 0, 105));
}

TEST_F(History, GivenMoreQueuesThanItKeepsThenTheOldestGroupsAreForgotten) {
  for (int i = 0; i < 250; ++i) {
    LagReading reading;
    reading.topic = std::to_string(i);
    reading.queues.resize(1'000);
    for (std::size_t q = 0; q < reading.queues.size(); ++q) {
      reading.queues[q].queue_id = static_cast<std::int32_t>(q);
      reading.queues[q].lag = 1;
      reading.queues[q].consumer_offset = 1;
    }
    history.mark(reading, CommitHistory::Time{} + std::chrono::seconds(i));
  }
  EXPECT_EQ(history.queues(), CommitHistory::kQueuesMax);
}

}  // namespace
}  // namespace gantry::lag
