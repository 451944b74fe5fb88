#include "up/consumption.h"

#include <gtest/gtest.h>

namespace gantry::up {
namespace {

using Readings = std::vector<Result<lag::LagReading>>;

const std::vector<lag::LagQuery> kWatched = {{"orders", "workers"}};

lag::QueueReading queue_at(std::int32_t id, std::optional<std::int64_t> offset, std::int64_t end = 1'000) {
  lag::QueueReading queue;
  queue.broker = "broker-a";
  queue.queue_id = id;
  queue.broker_offset = end;
  queue.consumer_offset = offset;
  queue.never_committed = !offset;
  queue.lag = end - offset.value_or(0);
  return queue;
}

Readings known(std::vector<lag::QueueReading> queues) {
  lag::LagReading reading;
  reading.queues = std::move(queues);
  reading.lag = 0;
  for (const auto& queue : reading.queues) *reading.lag += queue.lag.value_or(0);
  return {reading};
}

Readings without_its_broker() {
  lag::LagReading reading;  // what is left of a topic whose broker is gone from the name servers: no queue, no lag
  reading.unknown = {"broker-a: it held the topic and is gone from the name servers"};
  return {reading};
}

TEST(Consumption, GivenABrokerThatGoesAwayWhenItIsBackThenTheCountWasUnknownAndGoesOnWhereItStood) {
  Consumption count(true);
  EXPECT_EQ(count.update(kWatched, known({queue_at(0, 100), queue_at(1, 25)})), 125);
  EXPECT_EQ(count.update(kWatched, {std::unexpected(Error{Errc::unavailable, "no answer"})}), std::nullopt);
  EXPECT_EQ(count.update(kWatched, without_its_broker()), std::nullopt);
  EXPECT_EQ(count.update(kWatched, known({queue_at(0, 600), queue_at(1, 378)})), 978);
}

TEST(Consumption, GivenOneBrokerOfTwoWhenTheOtherIsAwayThenTheCountIsUnknownAndNotLess) {
  Consumption count(true);
  auto second = queue_at(0, 50);
  second.broker = "broker-b";
  EXPECT_EQ(count.update(kWatched, known({queue_at(0, 100), second})), 150);
  Readings partly = known({queue_at(0, 110)});
  partly[0]->lag.reset();
  EXPECT_EQ(count.update(kWatched, partly), std::nullopt);
  second.consumer_offset = 60;
  EXPECT_EQ(count.update(kWatched, known({queue_at(0, 120), second})), 180);
}

TEST(Consumption, GivenAnOffsetThatIsThrownBackThenTheCountStays) {
  Consumption count(true);
  EXPECT_EQ(count.update(kWatched, known({queue_at(0, 100)})), 100);
  EXPECT_EQ(count.update(kWatched, known({queue_at(0, 60)})), 100);
  EXPECT_EQ(count.update(kWatched, known({queue_at(0, 101)})), 101);
}

TEST(Consumption, GivenAnOlderClusterThenOnlyWhatIsConsumedFromNowOnCounts) {
  Consumption count(false);
  EXPECT_EQ(count.update(kWatched, known({queue_at(0, 900), queue_at(1, std::nullopt)})), 0);
  EXPECT_EQ(count.update(kWatched, known({queue_at(0, 950), queue_at(1, 10)})), 60);
}

TEST(Consumption, GivenATopicThatCameIntoBeingMeanwhileThenAllOfItCounts) {
  Consumption count(false);
  EXPECT_EQ(count.update(kWatched, {std::unexpected(Error{Errc::not_found, "no such topic"})}), std::nullopt);
  EXPECT_EQ(count.update(kWatched, known({queue_at(0, 30)})), 30);
}

}  // namespace
}  // namespace gantry::up
