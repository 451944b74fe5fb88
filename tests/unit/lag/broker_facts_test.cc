#include "lag/broker_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace gantry::lag {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

GroupQueue stands_at(std::int32_t queue_id, std::int64_t end, std::int64_t committed) {
  GroupQueue queue;
  queue.queue_id = queue_id;
  queue.broker_offset = end;
  queue.consumer_offset = committed;
  queue.pull_offset = end;
  return queue;
}

TEST(BrokerFacts, GivenWhatIsStoredAndWhereTheGroupStandsThenBothAreJoinedByQueue) {
  FactsByQueue facts = facts_of("a", 2, {{0, 1, 10}, {1, 0, 20}});
  add_group(facts, stands_at(0, 12, 4));
  add_delay(facts, 0, 700, 5);
  ASSERT_EQ(facts.size(), 2U);
  EXPECT_EQ(facts[0].broker, "a");
  EXPECT_EQ(facts[0].min_offset, 1);
  EXPECT_EQ(facts[0].max_offset, 10);
  EXPECT_EQ(facts[0].broker_offset, 12) << "of the moment at which the group stood at 4";
  EXPECT_EQ(facts[0].consumer_offset, 4);
  EXPECT_EQ(facts[0].delay_ms, 700);
  EXPECT_EQ(facts[0].min_time_ms, 5);
  EXPECT_EQ(facts[1].queue_id, 1);
  EXPECT_EQ(facts[1].broker_offset, 20) << "208 left it out";
  EXPECT_EQ(facts[1].consumer_offset, std::nullopt);
}

TEST(BrokerFacts, GivenQueuesThatAreOnlyWrittenThenTheyAreLeftOut) {
  FactsByQueue facts = facts_of("a", 1, {{0, 0, 10}, {1, 0, 20}});
  add_group(facts, stands_at(1, 20, 4));
  EXPECT_EQ(facts.size(), 1U);
}

TEST(BrokerFacts, GivenAReadQueueThatIsNotListedThenItIsUnknownAndNotEmpty) {
  std::vector<std::string> unknown;
  const auto queues = readings_of(facts_of("a", 2, {{0, 0, 0}}), {}, OffsetResetPolicy::earliest, unknown);
  ASSERT_EQ(queues.size(), 2U);
  EXPECT_EQ(queues[0].lag, 0);
  EXPECT_EQ(queues[1].lag, std::nullopt);
  EXPECT_THAT(unknown, ElementsAre("a: the offsets of queue 1 are not known"));
  EXPECT_LT(facts_of("a", std::numeric_limits<std::int32_t>::max(), {}).size(), 200U);
}

TEST(BrokerFacts, GivenTheAnswerOf14Or43ThenTheFirstCommitIsKnownOrThatThereIsNone) {
  FactsByQueue facts = facts_of("a", 1, {{0, 0, 10}});
  add_committed(facts[0], std::nullopt);
  EXPECT_EQ(facts[0].committed, false);
  EXPECT_EQ(facts[0].consumer_offset, 0);
  add_committed(facts[0], 3);
  EXPECT_EQ(facts[0].committed, true);
  EXPECT_EQ(facts[0].consumer_offset, 3);
}

TEST(BrokerFacts, GivenNobodyIsConnectedThenNothingIsInFlight) {
  FactsByQueue facts = facts_of("a", 1, {{0, 0, 10}});
  add_group(facts, stands_at(0, 10, 4));
  std::vector<std::string> unknown;
  EXPECT_EQ(readings_of(facts, {}, OffsetResetPolicy::earliest, unknown).front().in_flight, 6);
  EXPECT_EQ(readings_of(facts, {false, true}, OffsetResetPolicy::earliest, unknown).front().in_flight, 0);
}

TEST(BrokerFacts, GivenHalfOfAPopCountThenItIsNotTaken) {
  GroupQueue half = stands_at(0, 10, 4);
  half.pop_in_flight = 3;
  FactsByQueue facts = facts_of("a", 1, {{0, 0, 10}});
  add_group(facts, half);
  EXPECT_FALSE(tells_pop(facts));
  half.pop_ready = 3;
  add_group(facts, half);
  EXPECT_TRUE(tells_pop(facts));
}

TEST(BrokerFacts, GivenFactsThatWereReadAgainThenTheyRememberWhereTheGroupStood) {
  FactsByQueue before = facts_of("a", 1, {{0, 0, 10}});
  add_group(before, stands_at(0, 10, 40));
  FactsByQueue facts = facts_of("a", 2, {{0, 0, 10}, {1, 0, 10}});
  add_group(facts, stands_at(0, 10, 40));
  add_before(facts, before);
  EXPECT_TRUE(stands_beyond_end(facts[0]));
  EXPECT_FALSE(stands_beyond_end(facts[1]));
}

TEST(BrokerFacts, GivenTheQueuesOfARetryTopicThenWhatWaitsAndWhatIsStored) {
  EXPECT_EQ(pending_in({0, 2, 10}, std::nullopt), 8);
  EXPECT_EQ(pending_in({0, 2, 10}, 7), 3);
  EXPECT_EQ(pending_in({0, 2, 10}, 12), 0);
  EXPECT_EQ(stored_in({{0, 2, 10}, {1, 5, 5}, {2, 9, 5}}), 8);
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(pending_in({0, kLeast, 10}, std::nullopt), 10) << "a broker that says nonsense";
  EXPECT_EQ(stored_in({{0, kLeast, 10}}), 10);
}

TEST(BrokerFacts, GivenRowsOfOtherTopicsThenTheyAreLeftOut) {
  wire::TopicStatsTable stats;
  stats.offset_table[{"a", 0, "t"}] = {0, 10, 1};
  stats.offset_table[{"a", 1, "other"}] = {0, 10, 1};
  const auto queues = topic_queues(stats, "t");
  ASSERT_EQ(queues.size(), 1U);
  EXPECT_EQ(queues[0].max_offset, 10);
  EXPECT_THAT(topic_queues(stats, "none"), IsEmpty());
}

}  // namespace
}  // namespace gantry::lag
