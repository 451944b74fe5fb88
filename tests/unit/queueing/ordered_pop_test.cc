#include "queueing/ordered_pop.h"

#include <gtest/gtest.h>

namespace gantry::queueing {
namespace {

TEST(OrderedPop, GivenABatchHandedOutThenTheQueueIsBlockedUntilAllIsAcknowledged) {
  OrderedPop pop;
  EXPECT_FALSE(pop.blocked("", 0));
  EXPECT_FALSE(pop.next_offset());
  pop.handed_out("", {5, 6}, 1'000, 500);
  EXPECT_TRUE(pop.blocked("", 1'100));
  EXPECT_EQ(pop.next_offset(), 5);
  EXPECT_EQ(pop.ack(6, 1'000), OrderedPop::Ack::done);
  EXPECT_EQ(pop.next_offset(), 5) << "order: the first one is still missing";
  EXPECT_EQ(pop.ack(5, 1'000), OrderedPop::Ack::done);
  EXPECT_EQ(pop.next_offset(), 7);
  EXPECT_FALSE(pop.blocked("", 1'100));
}

TEST(OrderedPop, GivenTimeIsOverThenTheQueueIsFreeAndBeginsAtTheFirstUnacknowledged) {
  OrderedPop pop;
  pop.handed_out("", {5, 6, 7}, 1'000, 500);
  pop.ack(5, 1'000);
  EXPECT_EQ(pop.next_visible_ms(), 1'500);
  EXPECT_EQ(pop.in_flight(1'499), 2u);
  EXPECT_FALSE(pop.blocked("", 1'500));
  EXPECT_EQ(pop.next_offset(), 6);
  pop.handed_out("", {6, 7}, 1'600, 500);
  EXPECT_EQ(pop.consumed_times(6), 1);
  EXPECT_EQ(pop.consumed_times(8), 0);
}

TEST(OrderedPop, GivenTheSameAttemptAgainThenItIsNotBlockedAndDoesNotCountAsConsumed) {
  OrderedPop pop;
  pop.handed_out("a", {5}, 1'000, 500);
  EXPECT_FALSE(pop.blocked("a", 1'100));
  EXPECT_TRUE(pop.blocked("b", 1'100));
  pop.handed_out("a", {5}, 1'100, 500);
  EXPECT_EQ(pop.consumed_times(5), 0);
}

TEST(OrderedPop, GivenReceiptsOfAnEarlierBatchThenTheyAreStale) {
  OrderedPop pop;
  pop.handed_out("", {5}, 1'000, 500);
  EXPECT_EQ(pop.ack(5, 999), OrderedPop::Ack::stale);
  EXPECT_EQ(pop.ack(9, 1'000), OrderedPop::Ack::unknown);
  EXPECT_EQ(pop.renew(5, 999, 9'000), OrderedPop::Ack::stale);
  EXPECT_EQ(pop.renew(9, 1'000, 9'000), OrderedPop::Ack::unknown);
}

TEST(OrderedPop, GivenARenewalThenTheMessageStaysInvisibleLonger) {
  OrderedPop pop;
  pop.handed_out("", {5}, 1'000, 500);
  EXPECT_EQ(pop.renew(5, 1'000, 9'000), OrderedPop::Ack::done);
  EXPECT_TRUE(pop.blocked("", 8'999));
  EXPECT_FALSE(pop.blocked("", 9'000));
}

}  // namespace
}  // namespace gantry::queueing
