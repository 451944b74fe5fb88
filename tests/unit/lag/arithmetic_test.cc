#include "lag/arithmetic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::lag {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto kUnknown = std::nullopt;

QueueFacts facts(std::int64_t broker, std::int64_t consumer, std::int64_t min, std::int64_t delay_ms) {
  QueueFacts f;
  f.broker = "broker-a";
  f.broker_offset = broker;
  f.consumer_offset = consumer;
  f.pull_offset = consumer;
  f.min_offset = min;
  f.max_offset = broker;
  f.delay_ms = delay_ms;
  return f;
}

struct LagCase {
  const char* name;
  std::int64_t broker, consumer, min, delay_ms;
  std::optional<bool> committed;
  OffsetResetPolicy policy;
  std::optional<std::int64_t> lag, age_ms;
};

class LagRules : public testing::TestWithParam<LagCase> {};

TEST_P(LagRules, GivenOffsetsThenLagAndAgeFollow) {
  const LagCase& c = GetParam();
  QueueFacts f = facts(c.broker, c.consumer, c.min, c.delay_ms);
  f.committed = c.committed;
  std::vector<std::string> unknown;
  const QueueReading reading = read_queue(f, c.policy, unknown);
  EXPECT_EQ(reading.lag, c.lag);
  EXPECT_EQ(reading.oldest_age_ms, c.age_ms);
  const bool anything_unknown = !c.lag || !c.age_ms;
  EXPECT_EQ(unknown.empty(), !anything_unknown);
}

constexpr auto kEarliest = OffsetResetPolicy::earliest;
constexpr auto kLatest = OffsetResetPolicy::latest;
constexpr std::int64_t kNonsenseMs = 1'700'000'000'000;

INSTANTIATE_TEST_SUITE_P(
    Table, LagRules,
    testing::Values(LagCase{"nothing_waits", 10, 10, 0, 0, kUnknown, kEarliest, 0, 0},
                    LagCase{"some_wait", 10, 4, 0, 1500, kUnknown, kEarliest, 6, 1500},
                    LagCase{"expired_messages_wait_for_nobody", 100, 10, 60, 9000, kUnknown, kEarliest, 40, kUnknown},
                    LagCase{"all_expired", 100, 10, 100, 9000, kUnknown, kEarliest, 0, 0},
                    LagCase{"empty_queue_is_not_asked_about", 0, 0, 0, 0, kUnknown, kEarliest, 0, 0},
                    LagCase{"never_committed_earliest", 100, 0, 20, kNonsenseMs, false, kEarliest, 80, kUnknown},
                    LagCase{"never_committed_latest", 100, 0, 20, kNonsenseMs, false, kLatest, 0, 0},
                    LagCase{"committed_at_zero_earliest", 100, 0, 0, 700, true, kEarliest, 100, 700},
                    LagCase{"committed_at_zero_latest", 100, 0, 0, 700, true, kLatest, 100, 700},
                    LagCase{"not_told_earliest", 100, 0, 0, 700, kUnknown, kEarliest, 100, 700},
                    LagCase{"not_told_latest", 100, 0, 0, 700, kUnknown, kLatest, kUnknown, kUnknown},
                    LagCase{"implausible_delay", 10, 4, 0, kNonsenseMs, kUnknown, kEarliest, 6, kUnknown},
                    LagCase{"clock_went_back", 10, 4, 0, -20, kUnknown, kEarliest, 6, 0},
                    LagCase{"committed_beyond_the_end_in_one_attempt", 10, 12, 0, 0, kUnknown, kEarliest, 0, 0}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(ReadQueue, GivenAGroupBeforeTheOldestMessageThenItsAgeIsByTheBrokersOwnClock) {
  QueueFacts f = facts(100, 0, 20, kNonsenseMs + 1);  // "now - (-1)": the broker's clock says kNonsenseMs
  f.committed = false;
  f.min_time_ms = kNonsenseMs - 4'000;
  std::vector<std::string> unknown;
  EXPECT_EQ(read_queue(f, kEarliest, unknown).oldest_age_ms, 4'000);
  f.committed = true;
  f.consumer_offset = 10;  // and its message has expired
  EXPECT_EQ(read_queue(f, kEarliest, unknown).oldest_age_ms, 4'000);
  EXPECT_TRUE(unknown.empty());
  f.consumer_offset = 20;  // stands at a message that is there: what the broker says of it makes no sense
  EXPECT_EQ(read_queue(f, kEarliest, unknown).oldest_age_ms, std::nullopt);
  f.consumer_offset = 10;
  f.min_time_ms = kNonsenseMs + 1;  // stored in the future
  EXPECT_EQ(read_queue(f, kEarliest, unknown).oldest_age_ms, std::nullopt);
  f.min_time_ms = -1;
  EXPECT_EQ(read_queue(f, kEarliest, unknown).oldest_age_ms, std::nullopt);
}

TEST(ReadQueue, GivenWhatNobodyAskedForThenItIsEmptyWithoutAReason) {
  QueueFacts f = facts(10, 4, 0, 1500);
  f.age_asked = f.in_flight_asked = false;
  f.delay_ms.reset();
  std::vector<std::string> unknown;
  const QueueReading reading = read_queue(f, kEarliest, unknown);
  EXPECT_EQ(reading.lag, 6);
  EXPECT_FALSE(reading.oldest_age_ms || reading.in_flight || reading.ready);
  EXPECT_TRUE(unknown.empty());
}

struct RaceCase {
  const char* name;
  std::int64_t broker, consumer, min, delay_ms;
  bool racing;
};

class Races : public testing::TestWithParam<RaceCase> {};

TEST_P(Races, GivenFactsThenContradictionsAreSeen) {
  const RaceCase& c = GetParam();
  EXPECT_EQ(is_racing(facts(c.broker, c.consumer, c.min, c.delay_ms)), c.racing);
}

INSTANTIATE_TEST_SUITE_P(Table, Races,
                         testing::Values(RaceCase{"calm", 10, 4, 0, 100, false}, RaceCase{"idle", 10, 10, 0, 0, false},
                                         RaceCase{"consumer_beyond_broker", 10, 11, 0, 0, true},
                                         RaceCase{"minimum_beyond_broker", 10, 10, 11, 0, true},
                                         RaceCase{"waiting_without_delay", 10, 4, 0, 0, true}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Races, GivenTopicStatsOlderThanTheCommitThenRacing) {
  QueueFacts f = facts(10, 9, 0, 5);
  f.max_offset = 8;
  EXPECT_TRUE(is_racing(f));
}

TEST(Races, GivenUnknownOffsetsThenNotRacing) { EXPECT_FALSE(is_racing(QueueFacts{})); }

struct BeyondCase {
  const char* name;
  std::int64_t broker, consumer, consumer_before;
  bool racing;
  std::optional<std::int64_t> lag;
};

class BeyondTheEnd : public testing::TestWithParam<BeyondCase> {};

TEST_P(BeyondTheEnd, GivenASecondAttemptThenARaceIsToldFromALogThatWasReplaced) {
  const BeyondCase& c = GetParam();
  QueueFacts f = facts(c.broker, c.consumer, 0, 0);
  f.consumer_offset_before = c.consumer_before;
  EXPECT_EQ(is_racing(f), c.racing);
  std::vector<std::string> unknown;
  EXPECT_EQ(read_queue(f, kEarliest, unknown).lag, c.lag);
  EXPECT_EQ(unknown.empty(), c.lag.has_value());
}

INSTANTIATE_TEST_SUITE_P(Table, BeyondTheEnd,
                         testing::Values(BeyondCase{"the_log_was_replaced", 5, 1'000, 1'000, false, kUnknown},
                                         BeyondCase{"it_grows_but_is_not_there_yet", 9, 1'000, 1'000, false, kUnknown},
                                         BeyondCase{"one_beyond", 10, 11, 11, false, kUnknown},
                                         BeyondCase{"nothing_is_stored_there", 0, 1'000, 1'000, false, 0},
                                         BeyondCase{"traffic_that_was_faster_twice", 20, 21, 11, true, 0},
                                         BeyondCase{"the_same_amount_under_traffic", 11, 12, 11, true, 0},
                                         BeyondCase{"a_consumer_came_and_began_at_the_end", 5, 5, 1'000, false, 0},
                                         BeyondCase{"it_was_reset", 5, 2, 1'000, true, 3}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(BeyondTheEnd, GivenAQueueWithMessagesThenTheReasonSaysHowFarAndWhatToDo) {
  QueueFacts f = facts(5, 1'000, 0, 0);
  f.consumer_offset_before = 1'000;
  f.queue_id = 3;
  std::vector<std::string> unknown;
  const QueueReading reading = read_queue(f, kEarliest, unknown);
  EXPECT_EQ(reading.consumer_offset, 1'000);
  EXPECT_EQ(reading.broker_offset, 5);
  EXPECT_THAT(unknown, ElementsAre(testing::AllOf(HasSubstr("broker-a: the group stands 995 beyond the end of queue 3"),
                                                  HasSubstr("gantry group reset"))));
}

TEST(Races, GivenNeverCommittedThenItsDelayProvesNothing) {
  QueueFacts f = facts(10, 0, 0, 0);
  f.committed = false;
  EXPECT_FALSE(is_racing(f));
}

TEST(ReadQueue, GivenOffsetsNotReadThenEverythingIsUnknownAndSaysSo) {
  QueueFacts f;
  f.broker = "broker-b";
  f.queue_id = 3;
  std::vector<std::string> unknown;
  const QueueReading reading = read_queue(f, kEarliest, unknown);
  EXPECT_EQ(reading.lag, kUnknown);
  EXPECT_EQ(reading.in_flight, kUnknown);
  EXPECT_EQ(reading.oldest_age_ms, kUnknown);
  EXPECT_THAT(unknown, ElementsAre(HasSubstr("broker-b")));
}

TEST(ReadQueue, GivenNeverCommittedThenThereIsNoConsumerOffset) {
  QueueFacts f = facts(10, 0, 0, kNonsenseMs);
  f.committed = false;
  std::vector<std::string> unknown;
  const QueueReading reading = read_queue(f, kEarliest, unknown);
  EXPECT_TRUE(reading.never_committed);
  EXPECT_EQ(reading.consumer_offset, kUnknown);
}

TEST(ReadQueue, GivenClassicGroupThenFetchedMessagesAreInFlight) {
  QueueFacts f = facts(100, 40, 0, 10);
  f.pull_offset = 70;
  std::vector<std::string> unknown;
  const QueueReading reading = read_queue(f, kEarliest, unknown);
  EXPECT_EQ(reading.in_flight, 30);
  EXPECT_EQ(reading.ready, 30);
}

TEST(ReadQueue, GivenPullOffsetOutOfRangeThenItIsClamped) {
  QueueFacts f = facts(100, 40, 50, 10);
  std::vector<std::string> unknown;
  f.pull_offset = 10;  // before the minimum
  EXPECT_EQ(read_queue(f, kEarliest, unknown).in_flight, 0);
  f.pull_offset = 500;  // newer than the broker offset
  EXPECT_EQ(read_queue(f, kEarliest, unknown).in_flight, 50);
  EXPECT_EQ(read_queue(f, kEarliest, unknown).ready, 0);
}

TEST(ReadQueue, GivenPopGroupOnABrokerThatDoesNotSayThenInFlightIsUnknown) {
  QueueFacts f = facts(100, 40, 0, 10);
  f.pop = true;
  std::vector<std::string> unknown;
  const QueueReading reading = read_queue(f, kEarliest, unknown);
  EXPECT_EQ(reading.lag, 60);
  EXPECT_EQ(reading.in_flight, kUnknown);
  EXPECT_EQ(reading.ready, kUnknown);
  EXPECT_THAT(unknown, ElementsAre(HasSubstr("POP")));
}

TEST(ReadQueue, GivenPopCountsThenTheyAreTaken) {
  QueueFacts f = facts(100, 40, 0, 10);
  f.pop = true;
  f.pop_in_flight = 12;
  f.pop_ready = 48;
  std::vector<std::string> unknown;
  const QueueReading reading = read_queue(f, kEarliest, unknown);
  EXPECT_EQ(reading.in_flight, 12);
  EXPECT_EQ(reading.ready, 48);
  EXPECT_THAT(unknown, IsEmpty());
}

TEST(ReadQueue, GivenManyQueuesWithOneReasonThenItIsSaidOnce) {
  std::vector<std::string> unknown;
  for (int i = 0; i < 8; ++i) {
    QueueFacts f = facts(100, 10, 60, 5);
    f.queue_id = i;
    read_queue(f, kEarliest, unknown);
  }
  EXPECT_EQ(unknown.size(), 1U);
}

QueueReading queue(std::string broker, std::int32_t id, std::optional<std::int64_t> lag,
                   std::optional<std::int64_t> age) {
  QueueReading q;
  q.broker = std::move(broker);
  q.queue_id = id;
  q.lag = lag;
  q.in_flight = 1;
  q.ready = lag;
  q.oldest_age_ms = age;
  return q;
}

TEST(SumUp, GivenQueuesThenSumsAndTheLargestAgeInOrder) {
  LagReading reading;
  reading.queues = {queue("b", 1, 5, 100), queue("b", 0, 7, 900), queue("a", 4, 1, 0)};
  sum_up(reading, true);
  EXPECT_EQ(reading.lag, 13);
  EXPECT_EQ(reading.in_flight, 3);
  EXPECT_EQ(reading.oldest_age_ms, 900);
  EXPECT_EQ(reading.queues.front().broker, "a");
  EXPECT_EQ(reading.queues.back().queue_id, 1);
}

TEST(SumUp, GivenOneUnknownQueueThenTheSumIsUnknown) {
  LagReading reading;
  reading.queues = {queue("a", 0, 5, 100), queue("a", 1, kUnknown, kUnknown)};
  sum_up(reading, true);
  EXPECT_EQ(reading.lag, kUnknown);
  EXPECT_EQ(reading.oldest_age_ms, kUnknown);
}

TEST(SumUp, GivenAMissingBrokerThenNoSumIsKnown) {
  LagReading reading;
  reading.queues = {queue("a", 0, 5, 100)};
  sum_up(reading, false);
  EXPECT_EQ(reading.lag, kUnknown);
  EXPECT_EQ(reading.in_flight, kUnknown);
  EXPECT_EQ(reading.ready, kUnknown);
  EXPECT_EQ(reading.oldest_age_ms, kUnknown);
}

TEST(SumUp, GivenMoreThanCanBeCountedThenTheSumIsUnknown) {
  LagReading reading;
  reading.queues = {queue("a", 0, INT64_MAX, 100), queue("a", 1, INT64_MAX, 100)};
  sum_up(reading, true);
  EXPECT_EQ(reading.lag, kUnknown);
}

TEST(SumUp, GivenNoQueuesThenZero) {
  LagReading reading;
  sum_up(reading, true);
  EXPECT_EQ(reading.lag, 0);
  EXPECT_EQ(reading.oldest_age_ms, 0);
}

TEST(MustAsk, GivenOffsetZeroThenOnlyWhenMessagesExist) {
  EXPECT_TRUE(must_ask_committed(facts(5, 0, 0, 0)));
  EXPECT_FALSE(must_ask_committed(facts(0, 0, 0, 0)));
  EXPECT_FALSE(must_ask_committed(facts(5, 1, 0, 0)));
  EXPECT_FALSE(must_ask_committed(QueueFacts{}));
  QueueFacts left_out = facts(5, 0, 0, 0);
  left_out.consumer_offset.reset();
  EXPECT_TRUE(must_ask_committed(left_out));
}

}  // namespace
}  // namespace gantry::lag
