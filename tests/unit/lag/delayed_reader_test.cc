// The reader of held back messages against a server that the test controls: what is asked, how often, and what is said
// when it is not known.
#include "lag/delayed_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lag/rocketmq_lag.h"
#include "rocketmq/gather.h"
#include "unit/rocketmq/fake_cluster.h"
#include "wire/properties.h"

namespace gantry::lag {
namespace {

using namespace rocketmq::fake;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr DelayedReaderConfig kAlwaysFresh{.share_for = std::chrono::milliseconds(-1)};

class DelayedReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    broker = &servers.add_broker("broker-a");
    servers.add_topic("t", 1);
    for (int queue = 0; queue < 18; ++queue) broker->queues[{"SCHEDULE_TOPIC_XXXX", queue}];
    cluster = servers.connect();
    reader = std::make_unique<DelayedReader>(cluster, kAlwaysFresh);
  }
  void TearDown() override { cluster->stop(); }

  void hold_back(int level, const std::string& topic, int count = 1) {
    wire::Properties properties;
    properties.add("REAL_TOPIC", topic);
    std::string text;
    ASSERT_TRUE(wire::encode_properties(properties, text));
    for (int i = 0; i < count; ++i) broker->store("SCHEDULE_TOPIC_XXXX", level - 1, "x", text);
  }
  Result<std::vector<std::int64_t>> read(std::vector<std::string> topics = {"t"}) {
    return await(io, reader->read(broker->address(), std::move(topics)));
  }
  std::string why() {
    const auto counts = read();
    return counts ? "known" : counts.error().message;
  }

  asio::io_context io{1};
  Servers servers{io};
  Broker* broker = nullptr;
  std::shared_ptr<rocketmq::Cluster> cluster;
  std::unique_ptr<DelayedReader> reader;
};

TEST_F(DelayedReaderTest, GivenNothingHeldBackThenThreeRequestsSaySoAndNothingIsPulled) {
  EXPECT_THAT(read({"t", "u"}).value(), ElementsAre(0, 0));
  EXPECT_EQ(broker->calls[code::kGetTopicStatsInfo], 1);
  EXPECT_EQ(broker->calls[code::kGetAllDelayOffset], 1);
  EXPECT_EQ(broker->calls[code::kGetTimerMetrics], 1);
  EXPECT_EQ(broker->calls[code::kPullMessage], 0);
}

TEST_F(DelayedReaderTest, GivenTimersAndDelayLevelsThenBothCountAndEachMessageIsReadOnce) {
  broker->timers = {{"t", 5}, {"u", 7}};
  hold_back(3, "t", 40);
  hold_back(3, "%RETRY%g", 2);
  hold_back(18, "t");
  broker->delay_offsets = {{3, 10}};
  EXPECT_THAT(read({"t", "%RETRY%g", "u", "v"}).value(), ElementsAre(5 + 30 + 1, 2, 7, 0));
  EXPECT_EQ(broker->calls[code::kPullMessage], 2);
  broker->delay_offsets[3] = 42;
  EXPECT_THAT(read({"t", "%RETRY%g"}).value(), ElementsAre(6, 0));
  EXPECT_EQ(broker->calls[code::kPullMessage], 2);
  hold_back(3, "t");
  EXPECT_THAT(read().value(), ElementsAre(7));
  EXPECT_EQ(broker->calls[code::kPullMessage], 3);
}

TEST_F(DelayedReaderTest, GivenManyMessagesThenTheReasonTellsHowFarItIsAndTheRestIsReadInTheBackground) {
  DelayedReaderConfig config = kAlwaysFresh;
  config.read_at_once_max = 64;
  reader = std::make_unique<DelayedReader>(cluster, config);
  hold_back(1, "t", 200);
  EXPECT_THAT(why(), HasSubstr("64 of 200 messages read"));
  ASSERT_TRUE(run_until(io, [&] { return broker->calls[code::kPullMessage] == 7; }));
  EXPECT_THAT(read().value(), ElementsAre(200));
  EXPECT_EQ(broker->calls[code::kPullMessage], 7);
}

TEST_F(DelayedReaderTest, GivenMoreThanAreCountedThenNothingIsPulled) {
  DelayedReaderConfig config = kAlwaysFresh;
  config.waiting_max = 10;
  reader = std::make_unique<DelayedReader>(cluster, config);
  hold_back(1, "t", 11);
  EXPECT_THAT(why(), AllOf(HasSubstr("11 messages wait"), HasSubstr("no more than 10")));
  EXPECT_EQ(broker->calls[code::kPullMessage], 0);
}

TEST_F(DelayedReaderTest, GivenABrokerWithoutTimersThenThereAreNone) {
  hold_back(1, "t");
  broker->refuse(code::kGetTimerMetrics, rc::kRequestCodeNotSupported);
  EXPECT_THAT(read().value(), ElementsAre(1));
}

TEST_F(DelayedReaderTest, GivenARequestThatIsRefusedThenTheNumberIsUnknownAndThenKnownAgain) {
  hold_back(1, "t");
  for (const std::int32_t refused : {code::kGetTopicStatsInfo, code::kGetAllDelayOffset, code::kGetTimerMetrics}) {
    broker->refuse(refused, rc::kNoPermission);
    EXPECT_THAT(why(), HasSubstr("refused by the test")) << refused;
  }
  broker->refuse(code::kPullMessage, rc::kNoPermission);
  EXPECT_THAT(why(), AllOf(HasSubstr("pulling SCHEDULE_TOPIC_XXXX"), HasSubstr("refused by the test")));
  EXPECT_EQ(why(), "known");
}

TEST_F(DelayedReaderTest, GivenCountsThatCannotBeThenTheNumberIsUnknown) {
  broker->timers = {{"t", -1}};
  EXPECT_THAT(why(), HasSubstr("-1 timers"));
  broker->timers = {{"t", INT64_MAX}};
  EXPECT_THAT(why(), HasSubstr("timers for topic t"));
  broker->timers.clear();
  broker->delay_offsets = {{19, 0}};
  EXPECT_EQ(why(), "known");
  broker->delay_offsets = {{19, 1}};
  EXPECT_THAT(why(), HasSubstr("delay level 19 has no queue"));
}

TEST_F(DelayedReaderTest, GivenManyWhoAskAtOnceOrSoonAfterThenOneReadingAnswersAll) {
  reader = std::make_unique<DelayedReader>(cluster);
  hold_back(1, "t");
  std::vector<asio::awaitable<Result<std::vector<std::int64_t>>>> reads;
  for (int i = 0; i < 20; ++i) reads.push_back(reader->read(broker->address(), {i % 2 == 0 ? "t" : "u"}));
  const auto answers = await(io, rocketmq::gather(io, std::move(reads)));
  for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i].value()[0], i % 2 == 0 ? 1 : 0);
  EXPECT_THAT(read().value(), ElementsAre(1));
  EXPECT_EQ(broker->calls[code::kGetAllDelayOffset], 1);
  EXPECT_EQ(broker->calls[code::kPullMessage], 1);
}

TEST_F(DelayedReaderTest, GivenALagReadingThatNeedsThemThenItHasThemAndElseNobodyIsAsked) {
  RocketmqLag source(cluster);
  LagQuery query{"t", "g"};
  const LagReading without = await(io, source.read(query)).value();
  EXPECT_FALSE(without.delayed);
  EXPECT_EQ(broker->calls[code::kGetAllDelayOffset], 0);
  broker->timers = {{"t", 3}};
  hold_back(4, "%RETRY%g", 2);
  query.needs.delayed = true;
  const LagReading with = await(io, source.read(query)).value();
  EXPECT_EQ(with.delayed, 3);
  EXPECT_EQ(with.delayed_retry, 2);
  EXPECT_EQ(with.lag, 0);
  EXPECT_EQ(with.retry, 0);
  EXPECT_THAT(with.unknown, IsEmpty());
}

TEST_F(DelayedReaderTest, GivenThatTheyCannotBeReadThenTheReadingSaysWhyAndTheLagIsKnownAllTheSame) {
  RocketmqLag source(cluster);
  LagQuery query{"t", "g"};
  query.needs.delayed = true;
  broker->refuse(code::kGetAllDelayOffset, rc::kNoPermission);
  const LagReading reading = await(io, source.read(query)).value();
  EXPECT_EQ(reading.lag, 0);
  EXPECT_FALSE(reading.delayed || reading.delayed_retry);
  EXPECT_THAT(reading.unknown, Contains(AllOf(HasSubstr("broker-a: delayed messages: "), HasSubstr("refused"))));
}

}  // namespace
}  // namespace gantry::lag
