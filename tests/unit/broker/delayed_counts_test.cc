#include <gmock/gmock.h>

#include "broker_fixture.h"
#include "wire/bodies/delayed.h"
#include "wire/bodies/stats.h"

namespace gantry::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct DelayedCounts : BrokerFixture {
  using BrokerFixture::BrokerFixture;

  std::map<std::string, std::int64_t> waiting() {
    const auto body = wire::decode_body<wire::TimerMetrics>(call(wire::make_request(request::kGetTimerMetrics)).body);
    std::map<std::string, std::int64_t> counts;
    for (const auto& [topic, metric] : body.value().timing_count) counts[topic] = metric.count;
    return counts;
  }
};

TEST(DelayedCountsTest, GivenTimersAndDelayLevelsThenBothAreCountedByTheTopicThatTheyAreForUntilTheyCome) {
  DelayedCounts f({.delay_levels = "1s 1h"});
  EXPECT_THAT(f.waiting(), IsEmpty());
  f.send("t", 0, "at once");
  f.send("t", 0, "soon", {{"TIMER_DELAY_MS", "300"}});
  f.send("t", 1, "much later", {{"TIMER_DELAY_SEC", "1000"}});
  f.send("t", 0, "later, by level", {{"DELAY", "2"}});
  f.send("%RETRY%g", 0, "soon, by level", {{"DELAY", "1"}});
  EXPECT_THAT(f.waiting(), ElementsAre(Pair("%RETRY%g", 1), Pair("t", 3)));
  ASSERT_TRUE(f.run_until([&] { return f.bodies("t", 0).size() == 2 && f.bodies("%RETRY%g", 0).size() == 1; }));
  EXPECT_THAT(f.waiting(), ElementsAre(Pair("t", 2)));
}

TEST(DelayedCountsTest, GivenARestartThenTheCountsAreTheSame) {
  DelayedCounts f({.delay_levels = "1h"});
  f.send("t", 0, "timer", {{"TIMER_DELAY_SEC", "1000"}});
  f.send("t", 0, "level", {{"DELAY", "1"}});
  f.send("u", 0, "level", {{"DELAY", "1"}});
  f.restart();
  EXPECT_THAT(f.waiting(), ElementsAre(Pair("t", 2), Pair("u", 1)));
}

TEST(DelayedCountsTest, GivenADeletedTopicThenWhatWasForItIsNotCountedOnceItWasDue) {
  DelayedCounts f;
  f.send("t", 0, "dropped", {{"TIMER_DELAY_MS", "30"}});
  f.call(request::kDeleteTopicInBroker, {{"topic", "t"}});
  EXPECT_TRUE(f.run_until([&] { return f.waiting().empty(); }));
}

// Else a reader that adds up both, as it must of an Apache broker, would count each twice.
TEST(DelayedCountsTest, GivenDelayLevelsThenEachStandsAtTheEndOfItsQueue) {
  DelayedCounts f({.delay_levels = "1h 2h"});
  f.send("t", 0, "a", {{"DELAY", "1"}});
  f.send("t", 0, "b", {{"DELAY", "2"}});
  f.send("t", 0, "c", {{"DELAY", "2"}});
  const auto ends = wire::decode_body<wire::TopicStatsTable>(
                        f.call(request::kGetTopicStatsInfo, {{"topic", "SCHEDULE_TOPIC_XXXX"}}).body)
                        .value();
  const auto offsets =
      wire::decode_body<wire::DelayOffsets>(f.call(wire::make_request(request::kGetAllDelayOffset)).body).value();
  EXPECT_EQ(offsets.offset_table.size(), ends.offset_table.size());
  for (const auto& [queue, end] : ends.offset_table) {
    EXPECT_EQ(offsets.offset_table.at(queue.queue_id + 1), end.max_offset) << queue.queue_id;
  }
  EXPECT_EQ(offsets.offset_table.at(2), 2);
}

}  // namespace
}  // namespace gantry::broker
