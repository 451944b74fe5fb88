// The reader against servers that the test controls: what is asked, what is unknown and why.
#include "lag/rocketmq_lag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/rocketmq/fake_cluster.h"

namespace gantry::lag {
namespace {

using namespace rocketmq::fake;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class LagTest : public testing::Test {
 protected:
  void SetUp() override {
    a = &servers.add_broker("broker-a");
    b = &servers.add_broker("broker-b");
    servers.add_topic("t", 2);
    cluster = servers.connect();
    source = std::make_unique<RocketmqLag>(cluster);
    for (Broker* broker : {a, b}) {
      for (int queue = 0; queue < 2; ++queue) {
        for (int i = 0; i < 5; ++i) broker->store("t", queue, "x");
        broker->offsets[{"g", "t", queue}] = 3;
      }
      broker->delay_ms = 700;
    }
  }
  void TearDown() override { cluster->stop(); }

  LagReading read(OffsetResetPolicy policy = OffsetResetPolicy::earliest) {
    auto result = await(io, source->read(LagQuery{"t", "g", policy}));
    EXPECT_TRUE(result) << result.error().message;
    return result ? *result : LagReading{};
  }

  asio::io_context io{1};
  Servers servers{io};
  Broker* a = nullptr;
  Broker* b = nullptr;
  std::shared_ptr<rocketmq::Cluster> cluster;
  std::unique_ptr<RocketmqLag> source;
  std::vector<remoting::Request> held;  // questions that are not answered
};

TEST_F(LagTest, GivenTwoBrokersThenEverythingIsSummedUp) {
  b->delay_ms = 900;
  const LagReading reading = read();
  EXPECT_EQ(reading.lag, 8);
  EXPECT_EQ(reading.in_flight, 0);
  EXPECT_EQ(reading.ready, 8);
  EXPECT_EQ(reading.oldest_age_ms, 900);
  EXPECT_EQ(reading.retry, 0);
  EXPECT_EQ(reading.dead_letter, 0);
  EXPECT_EQ(reading.consumers, 0);
  EXPECT_THAT(reading.unknown, IsEmpty());
  ASSERT_EQ(reading.queues.size(), 4U);
  EXPECT_EQ(reading.queues[0].broker, "broker-a");
  EXPECT_EQ(reading.queues[3].queue_id, 1);
  EXPECT_EQ(a->calls[code::kGetConsumeStats], 1);
  EXPECT_EQ(a->calls[code::kQueryConsumerOffset], 0);
}

TEST_F(LagTest, GivenADeadBrokerThenSumsAreUnknownAndItIsNamed) {
  b->server.stop();
  const LagReading reading = read();
  EXPECT_EQ(reading.lag, std::nullopt);
  EXPECT_EQ(reading.oldest_age_ms, std::nullopt);
  EXPECT_EQ(reading.consumers, std::nullopt);
  EXPECT_EQ(reading.retry, std::nullopt);
  EXPECT_EQ(reading.queues.size(), 2U);
  EXPECT_THAT(reading.unknown, Contains(HasSubstr("broker-b")));
}

TEST_F(LagTest, GivenEveryBrokerDeadThenAnError) {
  a->server.stop();
  b->server.stop();
  auto reading = await(io, source->read(LagQuery{"t", "g"}));
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code, Errc::unavailable);
}

TEST_F(LagTest, GivenOnlyASlaveLeftThenItsStaleOffsetsAreNotUsed) {
  auto& data = servers.routes["t"].broker_datas[1];
  data.broker_addrs = {{1, b->address()}};
  const LagReading reading = read();
  EXPECT_EQ(reading.lag, std::nullopt);
  EXPECT_THAT(reading.unknown, Contains(HasSubstr("slave")));
  EXPECT_EQ(b->calls[code::kGetConsumeStats], 0);
}

TEST_F(LagTest, GivenABrokerThatLeftTheRouteThenItIsRememberedAsUnknown) {
  EXPECT_EQ(read().lag, 8);
  servers.routes["t"].broker_datas.pop_back();
  servers.routes["t"].queue_datas.pop_back();
  cluster->forget_route("t");
  EXPECT_EQ(read().lag, std::nullopt);
  servers.routes.erase("t");
  cluster->forget_route("t");
  const LagReading reading = read();
  EXPECT_EQ(reading.lag, std::nullopt);
  EXPECT_EQ(reading.unknown.size(), 2U);
}

TEST_F(LagTest, GivenATopicThatNeverWasThenNotFound) {
  auto reading = await(io, source->read(LagQuery{"nope", "g"}));
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code, Errc::not_found);
}

TEST_F(LagTest, GivenQueuesAtZeroThenTheyAreAskedAboutAndThePolicyDecides) {
  a->offsets.clear();
  b->offsets[{"g", "t", 0}] = 0;  // committed at 0
  LagReading reading = read();
  EXPECT_EQ(a->calls[code::kQueryConsumerOffset], 2);
  EXPECT_EQ(b->calls[code::kQueryConsumerOffset], 1);
  EXPECT_EQ(reading.lag, 5 + 5 + 5 + 2);
  EXPECT_TRUE(reading.queues[0].never_committed);
  EXPECT_FALSE(reading.queues[2].never_committed);
  EXPECT_EQ(reading.oldest_age_ms, std::nullopt);
  reading = read(OffsetResetPolicy::latest);
  EXPECT_EQ(reading.lag, 5 + 2);
  EXPECT_EQ(reading.oldest_age_ms, 700);
}

TEST_F(LagTest, GivenAReadingThatContradictsItselfThenItIsReadAgain) {
  int readings = 0;
  a->edit_consume_stats = [&](wire::ConsumeStats& stats) {
    if (++readings > 1) return;
    for (auto& [queue, offsets] : stats.offset_table) offsets.consumer_offset = offsets.broker_offset + 1;
  };
  EXPECT_EQ(read().lag, 8);
  EXPECT_EQ(a->calls[code::kGetConsumeStats], 2);
  EXPECT_EQ(b->calls[code::kGetConsumeStats], 1);
}

TEST_F(LagTest, GivenTrafficThatIsAlwaysFasterThanTheReadingThenItIsClamped) {
  int readings = 0;
  a->edit_consume_stats = [&](wire::ConsumeStats& stats) {
    ++readings;
    for (auto& [queue, offsets] : stats.offset_table) {
      offsets.broker_offset += readings;
      offsets.consumer_offset = offsets.broker_offset + 1;  // by the same amount, each time
    }
  };
  EXPECT_EQ(read().lag, 4);
  EXPECT_EQ(a->calls[code::kGetConsumeStats], 3);
}

TEST_F(LagTest, GivenAGroupBeyondTheEndOfAReplacedLogThenItsLagIsUnknownUntilItIsReset) {
  a->offsets[{"g", "t", 1}] = 1'000;
  const LagReading reading = read();
  EXPECT_EQ(reading.lag, std::nullopt);
  EXPECT_EQ(reading.queues[0].lag, 2);
  EXPECT_EQ(reading.queues[1].lag, std::nullopt);
  EXPECT_EQ(reading.queues[1].consumer_offset, 1'000);
  EXPECT_THAT(reading.unknown, ElementsAre(HasSubstr("broker-a: the group stands 995 beyond the end of queue 1")));
  EXPECT_EQ(a->calls[code::kGetConsumeStats], 2);
  a->offsets[{"g", "t", 1}] = 3;
  EXPECT_EQ(read().lag, 8);
}

TEST_F(LagTest, GivenNoTimeSpanThenOnlyTheAgeIsUnknown) {
  a->refuse(code::kQueryConsumeTimeSpan, rc::kSystemError);
  const LagReading reading = read();
  EXPECT_EQ(reading.lag, 8);
  EXPECT_EQ(reading.oldest_age_ms, std::nullopt);
  EXPECT_THAT(reading.unknown, ElementsAre(HasSubstr("age")));
}

TEST_F(LagTest, GivenRetriesAndDeadLettersThenTheyAreCounted) {
  for (int i = 0; i < 3; ++i) a->store("%RETRY%g", 0, "again");
  a->offsets[{"g", "%RETRY%g", 0}] = 1;
  for (int i = 0; i < 4; ++i) b->store("%DLQ%g", 0, "dead");
  const LagReading reading = read();
  EXPECT_EQ(reading.retry, 2);
  EXPECT_EQ(reading.dead_letter, 4);
  EXPECT_EQ(reading.lag, 8);
}

TEST_F(LagTest, GivenConnectedConsumersThenTheyAreCountedOnceOverBrokers) {
  for (Broker* broker : {a, b}) {
    broker->members["g"]["client-1"] = nullptr;
    broker->consume_types["g"] = "CONSUME_PASSIVELY";
  }
  b->members["g"]["client-2"] = nullptr;
  EXPECT_EQ(read().consumers, 2);
}

TEST_F(LagTest, GivenAPopGroupOnAJavaBrokerThenInFlightIsUnknownFromThenOn) {
  a->members["g"]["client-1"] = nullptr;
  a->consume_types["g"] = "CONSUME_POP";
  LagReading reading = read();
  EXPECT_TRUE(reading.pop);
  EXPECT_EQ(reading.lag, 8);
  EXPECT_EQ(reading.in_flight, std::nullopt);
  EXPECT_EQ(reading.ready, std::nullopt);
  a->members.clear();
  EXPECT_EQ(read().in_flight, std::nullopt);
}

TEST_F(LagTest, GivenPopRetryTopicsThenTheyCountAndShowThatTheGroupPops) {
  a->store("%RETRY%g_t", 0, "again");
  a->offsets[{"g", "%RETRY%g_t", 0}] = 0;
  b->store("%RETRY%g+t", 0, "again");
  const LagReading reading = read();
  EXPECT_EQ(reading.retry, 2);
  EXPECT_TRUE(reading.pop);
}

TEST_F(LagTest, GivenTheRetryTopicOfAGroupWithALongerNameThenItsMessagesAreNotOurs) {
  a->store("%RETRY%g_t", 0, "again");
  a->offsets[{"g_t", "%RETRY%g_t", 0}] = 0;
  const LagReading reading = read();
  EXPECT_EQ(reading.retry, 0);
  EXPECT_FALSE(reading.pop);
}

TEST_F(LagTest, GivenARetryTopicThatWasNotThereThenItsFirstMessageCountsWithTheNextReading) {
  EXPECT_EQ(read().retry, 0);
  a->store("%RETRY%g_t", 0, "again");
  a->offsets[{"g", "%RETRY%g_t", 0}] = 0;
  b->store("%RETRY%g", 0, "again");
  const LagReading reading = read();
  EXPECT_EQ(reading.retry, 2);
  EXPECT_EQ(reading.group_retries.at("broker-b"), (GroupRetries{1, 1}));
  EXPECT_EQ(reading.retry_ready, std::nullopt) << "such a broker does not tell";
}

TEST_F(LagTest, GivenABrokerThatTellsRetriesThenTheyAreTakenAndNotAskedForAgain) {
  for (Broker* broker : {a, b}) {
    broker->edit_consume_stats = [](wire::ConsumeStats& stats) {
      stats.retry_messages = 3;
      stats.retry_ready = 1;
      stats.retry_of_pop = true;
      stats.group_retry_messages = 2;
      stats.group_retry_ready = 1;
    };
  }
  LagReading reading = read();
  EXPECT_EQ(reading.retry, 6);
  EXPECT_EQ(reading.retry_ready, 2);
  EXPECT_THAT(reading.group_retries, SizeIs(2));
  EXPECT_EQ(reading.group_retries.begin()->second, (GroupRetries{2, 1}));
  EXPECT_TRUE(reading.pop);
  EXPECT_THAT(reading.unknown, ElementsAre(HasSubstr("in flight"), HasSubstr("in flight")));
  const int asked = a->calls[code::kGetTopicStatsInfo];
  reading = read();
  EXPECT_EQ(reading.retry, 6);
  EXPECT_EQ(a->calls[code::kGetTopicStatsInfo] - asked, 2) << "of the topic and the dead letters";
  a->edit_consume_stats = nullptr;  // another broker is at its address
  a->store("%RETRY%g", 0, "again");
  reading = read();
  EXPECT_EQ(reading.retry, 4);
  EXPECT_EQ(reading.retry_ready, std::nullopt);
}

TEST_F(LagTest, GivenABrokerThatTellsPopCountsThenTheyAreTaken) {
  for (Broker* broker : {a, b}) {
    broker->edit_consume_stats_text = [](std::string text) {
      const std::string mark = "\"pullOffset\":";
      for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 40)) {
        text.insert(at, "\"popInFlight\":2,\"popReady\":0,");
      }
      return text;
    };
  }
  const LagReading reading = read();
  EXPECT_TRUE(reading.pop);
  EXPECT_EQ(reading.in_flight, 8);
  EXPECT_EQ(reading.ready, 0);
}

TEST_F(LagTest, GivenReadQueuesThatTopicStatsDoNotListThenTheyAreUnknownUntilAllOfThemIsConsumed) {
  servers.routes["t"].queue_datas[1].read_queue_nums = 3;
  LagReading reading = read();
  EXPECT_EQ(reading.lag, std::nullopt);
  EXPECT_EQ(reading.in_flight, std::nullopt);
  EXPECT_EQ(reading.oldest_age_ms, std::nullopt);
  EXPECT_EQ(reading.queues.size(), 5U);
  EXPECT_THAT(reading.unknown, Contains("broker-b: the offsets of queue 2 are not known"));

  // 208 lists read queues
  const auto tells = [&](std::int64_t consumed) {
    b->edit_consume_stats = [consumed](wire::ConsumeStats& stats) {
      wire::OffsetWrapper& offsets = stats.offset_table[{"broker-b", 2, "t"}];
      offsets.broker_offset = 7;
      offsets.consumer_offset = consumed;
    };
  };
  tells(4);
  EXPECT_EQ(read().lag, std::nullopt) << "some of the three may have expired";
  tells(7);
  reading = read();
  EXPECT_EQ(reading.lag, 8);
  EXPECT_THAT(reading.unknown, IsEmpty());
}

TEST_F(LagTest, GivenARouteThatClaimsQueuesWithoutEndThenTheReadingEnds) {
  servers.routes["t"].queue_datas[0].read_queue_nums = std::numeric_limits<std::int32_t>::max();
  const LagReading reading = read();
  EXPECT_EQ(reading.lag, std::nullopt);
  EXPECT_LT(reading.queues.size(), 200U);
}

TEST_F(LagTest, GivenAGroupThatSubscribesToOtherTopicsNowThenItsOffsetsAreAskedOneByOne) {
  for (Broker* broker : {a, b}) {
    broker->edit_consume_stats = [](wire::ConsumeStats& stats) { stats.offset_table.clear(); };
  }
  const LagReading reading = read();
  EXPECT_EQ(reading.lag, 8);
  EXPECT_EQ(reading.oldest_age_ms, 700);
  EXPECT_EQ(a->calls[code::kQueryConsumerOffset], 2);
}

TEST_F(LagTest, GivenAGroupThatNeverCameAndLeftOutOf208ThenAllWaits) {
  a->offsets.clear();
  a->edit_consume_stats = [](wire::ConsumeStats& stats) { stats.offset_table.clear(); };
  a->refuse(code::kQueryConsumerOffset, rc::kSystemError);
  EXPECT_EQ(read().lag, std::nullopt);
  EXPECT_EQ(read().lag, 14);
}

TEST_F(LagTest, GivenPullOffsetsOfConsumersThatAreGoneThenNothingIsInFlight) {
  auto ahead = [](wire::ConsumeStats& stats) {
    for (auto& [queue, offsets] : stats.offset_table) offsets.pull_offset = offsets.broker_offset;
  };
  a->edit_consume_stats = b->edit_consume_stats = ahead;
  EXPECT_EQ(read().in_flight, 0);
  for (Broker* broker : {a, b}) broker->members["g"]["client-1"] = nullptr;
  EXPECT_EQ(read().in_flight, 8);
}

TEST_F(LagTest, GivenNameServersThatSwallowWhatTheyGetThenAReadingKeepsItsDeadlineAndTheNextOneGoesOn) {
  asio::ip::tcp::acceptor silent(io, {asio::ip::address_v4::loopback(), 0});  // connects, and never answers
  std::string all;
  for (int i = 1; i <= 6; ++i) all += fmt::format("127.0.0.{}:{};", i, silent.local_endpoint().port());
  std::vector<asio::ip::tcp::acceptor> others;
  for (int i = 2; i <= 6; ++i) {
    others.emplace_back(io, asio::ip::tcp::endpoint(asio::ip::make_address(fmt::format("127.0.0.{}", i)),
                                                    silent.local_endpoint().port()));
  }
  auto slow = servers.connect(all + servers.address(), 100ms);
  RocketmqLag bounded(slow, {.timeout = 250ms});  // two of them have time
  const auto begin = std::chrono::steady_clock::now();
  auto reading = await(io, bounded.read(LagQuery{"t", "g"}));
  const auto took = std::chrono::steady_clock::now() - begin;
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code, Errc::timeout);
  EXPECT_THAT(reading.error().message, HasSubstr("no time was left for the others"));
  EXPECT_LT(took, 550ms) << "six would take 600 ms";
  for (int i = 0; i < 4 && !reading; ++i) reading = await(io, bounded.read(LagQuery{"t", "g"}));
  ASSERT_TRUE(reading) << reading.error().message;
  EXPECT_EQ(reading->lag, 8);
  slow->stop();
}

TEST_F(LagTest, GivenABrokerThatDoesNotAnswerInTimeThenItsPartIsUnknownWithinTheDeadline) {
  auto slow = servers.connect({}, 600ms);
  RocketmqLag bounded(slow, {.timeout = 700ms});
  a->server.handle(code::kGetConsumeStats, [this](remoting::Request request) { held.push_back(std::move(request)); });
  servers.hold_routes();
  asio::steady_timer later(io, 400ms);
  later.async_wait([this](auto) { servers.answer_routes(); });
  const auto begin = std::chrono::steady_clock::now();
  auto reading = await(io, bounded.read(LagQuery{"t", "g"}));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 950ms) << "the route and one request would take 1 s";
  slow->stop();
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->lag, std::nullopt);
  EXPECT_THAT(reading->unknown, Contains(HasSubstr("broker-a")));
  EXPECT_EQ(reading->queues.size(), 2U);
}

TEST_F(LagTest, GivenPartsThatAreRefusedThenTheseAreUnknown) {
  a->refuse(code::kGetConsumerConnectionList, rc::kNoPermission);
  const LagReading reading = read();
  EXPECT_EQ(reading.lag, 8);
  EXPECT_EQ(reading.consumers, std::nullopt);
  EXPECT_THAT(reading.unknown, ElementsAre(HasSubstr("consumers")));
}

TEST_F(LagTest, GivenStatsThatAreRefusedThenTheBrokersPartIsUnknown) {
  a->refuse(code::kGetConsumeStats, rc::kSystemError);
  EXPECT_EQ(read().lag, std::nullopt);
}

}  // namespace
}  // namespace gantry::lag
