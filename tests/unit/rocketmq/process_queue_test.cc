#include "rocketmq/process_queue.h"

#include <gtest/gtest.h>

namespace gantry::rocketmq {
namespace {

ReceivedMessage at(std::int64_t offset, std::string body = "x") {
  ReceivedMessage message;
  message.queue_offset = offset;
  message.body = std::move(body);
  return message;
}

std::vector<ReceivedMessage> run(std::int64_t from, std::int64_t to) {
  std::vector<ReceivedMessage> messages;
  for (auto offset = from; offset < to; ++offset) messages.push_back(at(offset));
  return messages;
}

std::vector<std::int64_t> offsets(const std::vector<ReceivedMessage>& messages) {
  std::vector<std::int64_t> result;
  for (const auto& message : messages) result.push_back(message.queue_offset);
  return result;
}

TEST(ProcessQueue, GivenNothingProcessedThenNothingIsCommittable) {
  ProcessQueue queue(10);
  EXPECT_EQ(queue.committable(), 10);
  queue.put(run(10, 13), 13);
  EXPECT_EQ(queue.committable(), 10);
  EXPECT_EQ(queue.next_offset(), 13);
  EXPECT_EQ(queue.buffered(), 3U);
  EXPECT_EQ(queue.buffered_bytes(), 3U);
}

TEST(ProcessQueue, GivenMessagesDoneOutOfOrderThenOnlyTheContiguousPartIsCommittable) {
  ProcessQueue queue(0);
  queue.put(run(0, 3), 3);
  auto first = queue.take();
  auto second = queue.take();
  auto third = queue.take();
  EXPECT_EQ(queue.at_hand(), 3U);
  queue.done(*third);
  queue.done(*second);
  EXPECT_EQ(queue.committable(), 0);
  queue.done(*first);
  EXPECT_EQ(queue.committable(), 3);
  EXPECT_EQ(queue.at_hand(), 0U);
}

TEST(ProcessQueue, GivenFilteredMessagesThenTheyCountAsProcessed) {
  ProcessQueue queue(0);
  queue.put({at(4)}, 9);
  EXPECT_EQ(queue.committable(), 4);
  queue.done(*queue.take());
  EXPECT_EQ(queue.committable(), 9);
}

TEST(ProcessQueue, GivenACommitThenItCoversWhatIsBelowItOnce) {
  ProcessQueue queue(0);
  queue.put(run(0, 4), 4);
  for (int i = 0; i < 3; ++i) queue.done(*queue.take());
  EXPECT_EQ(offsets(queue.committed(2)), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(queue.committed(), 2);
  EXPECT_EQ(offsets(queue.committed(3)), (std::vector<std::int64_t>{2}));
  EXPECT_TRUE(queue.committed(1).empty());
  EXPECT_EQ(queue.committed(), 3);
}

TEST(ProcessQueue, GivenAMessageThatWasSettledThenItCountsAsProcessedAndIsNotReturned) {
  ProcessQueue queue(0);
  queue.put(run(0, 4), 4);
  for (int i = 0; i < 4; ++i) {
    auto message = queue.take();
    i % 2 == 0 ? queue.settled(message->queue_offset) : queue.done(*message);
  }
  EXPECT_EQ(queue.committable(), 4);
  EXPECT_EQ(queue.at_hand(), 0U);
  EXPECT_EQ(offsets(queue.committed(2)), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(offsets(queue.give_up()), (std::vector<std::int64_t>{3}));
}

TEST(ProcessQueue, GivenMessagesBelowTheNextOffsetThenTheyAreNotTakenAgain) {
  ProcessQueue queue(5);
  queue.put(run(3, 7), 7);
  EXPECT_EQ(queue.buffered(), 2U);
  queue.put(run(5, 8), 8);
  EXPECT_EQ(queue.buffered(), 3U);
  queue.put({}, 2);
  EXPECT_EQ(queue.next_offset(), 8);
}

TEST(ProcessQueue, GivenAMessagePutBackThenItComesFirstAndHoldsTheOffset) {
  ProcessQueue queue(0);
  queue.put(run(0, 2), 2);
  auto message = queue.take();
  queue.put_back(*message);
  EXPECT_EQ(queue.take()->queue_offset, 0);
  EXPECT_EQ(queue.committable(), 0);
}

TEST(ProcessQueue, GivenAMessageOfAnotherLifeThenNothingHappens) {
  ProcessQueue queue(10);
  queue.done(at(3));
  queue.settled(3);
  queue.put_back(at(3));
  EXPECT_EQ(queue.committable(), 10);
  EXPECT_EQ(queue.buffered(), 0U);
  EXPECT_FALSE(queue.take());
}

}  // namespace
}  // namespace gantry::rocketmq
