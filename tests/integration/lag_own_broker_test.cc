// Lag readings of our own broker, in the states through which a group goes.
#include <gmock/gmock.h>

#include "integration/commit_offset.h"
#include "integration/gantry_process.h"

namespace gantry::integration {
namespace {

class Lag : public WithBroker {
 protected:
  void SetUp() override {
    WithBroker::SetUp();
    ASSERT_EQ(run({"topic", "create", "--topic", "t", "--queues", "2"}).code, 0);
    ASSERT_EQ(run({"send", "--topic", "t", "--count", "20"}).code, 0);
  }
};

TEST_F(Lag, GivenAGroupThatNeverWasThenAllWaitsOrNothingAsThePolicySays) {
  json::object reading = lag("t", "g");
  EXPECT_EQ(reading.at("lag"), 20);
  EXPECT_GE(reading.at("oldest_age_ms").as_int64(), 0);
  EXPECT_LT(reading.at("oldest_age_ms").as_int64(), 60'000);
  EXPECT_TRUE(reading.at("queues").as_array().at(0).at("consumer_offset").is_null());
  EXPECT_TRUE(reading.at("unknown").as_array().empty());
  const Ended latest = run({"lag", "--topic", "t", "--group", "g", "--offset-reset-policy", "latest", "-o", "json"});
  EXPECT_EQ(json::parse(latest.out).at("lag"), 0);
}

TEST_F(Lag, GivenAGroupThatCommittedThenLagAndAgeAreKnown) {
  ASSERT_EQ(run({"consume", "--topic", "t", "--group", "g", "--mode", "pull", "--count", "20", "-o", "json"}).code, 0);
  json::object reading = lag("t", "g");
  EXPECT_EQ(reading.at("lag"), 0);
  EXPECT_EQ(reading.at("oldest_age_ms"), 0);
  EXPECT_TRUE(reading.at("unknown").as_array().empty());
  ASSERT_EQ(run({"send", "--topic", "t", "--count", "6"}).code, 0);
  reading = lag("t", "g");
  EXPECT_EQ(reading.at("lag"), 6);
  EXPECT_EQ(reading.at("ready"), 6);
  EXPECT_GE(reading.at("oldest_age_ms").as_int64(), 0);
  EXPECT_EQ(reading.at("consumers"), 0);
  EXPECT_EQ(reading.at("queues").as_array().size(), 2U);
}

TEST_F(Lag, GivenAPopConsumerAtWorkThenItsMessagesAreInFlightOrThatIsUnknownAndNeverZero) {
  auto consumer = start({"consume", "--topic", "t", "--group", "g", "--mode", "pop", "--cost", "2s", "-o", "json"});
  json::object reading;
  ASSERT_TRUE(eventually([&] {
    reading = lag("t", "g");
    return reading.at("consumers") == 1 && (reading.at("in_flight").is_null() || reading.at("in_flight") != 0);
  }));
  if (reading.at("in_flight").is_null()) {
    EXPECT_FALSE(reading.at("unknown").as_array().empty());
  } else {
    EXPECT_EQ(reading.at("in_flight").as_int64() + reading.at("ready").as_int64(), reading.at("lag").as_int64());
  }
  consumer->signal(SIGTERM);
  EXPECT_EQ(consumer->wait().code, 0);
}

TEST_F(Lag, GivenAGroupBeyondTheEndOfAReplacedLogThenItsLagIsUnknownUntilItIsReset) {
  ASSERT_EQ(run({"consume", "--topic", "t", "--group", "g", "--mode", "pull", "--count", "20", "-o", "json"}).code, 0);
  const auto committed = commit_offset(broker_address, "g", "t", 1, 1'000);
  ASSERT_TRUE(committed) << committed.error().message;
  json::object reading = lag("t", "g");
  EXPECT_TRUE(reading.at("lag").is_null());
  ASSERT_EQ(reading.at("unknown").as_array().size(), 1U);
  const std::string why(reading.at("unknown").as_array()[0].as_string());
  EXPECT_THAT(why, testing::HasSubstr("the group stands 990 beyond the end of queue 1"));
  EXPECT_EQ(run({"group", "reset", "g", "--topic", "t", "--to", "earliest"}).code, 0);
  reading = lag("t", "g");
  EXPECT_EQ(reading.at("lag"), 20);
  EXPECT_TRUE(reading.at("unknown").as_array().empty());
}

TEST_F(Lag, GivenAGroupBeyondTheEndThenTheNextConsumerBeginsAtTheEndAsTheReasonSays) {
  const auto committed = commit_offset(broker_address, "g", "t", 1, 1'000);
  ASSERT_TRUE(committed) << committed.error().message;
  auto consumer = start({"consume", "--topic", "t", "--group", "g", "--mode", "pull", "-o", "json"});
  json::object reading;
  EXPECT_TRUE(eventually([&] {
    reading = lag("t", "g");
    return reading.at("lag") == 0;
  })) << json::serialize(reading);
  EXPECT_EQ(reading.at("queues").as_array().at(1).at("consumer_offset"), 10);
  consumer->signal(SIGTERM);
  consumer->wait();
}

TEST_F(Lag, GivenADeadBrokerThenNothingIsSaidToBeZero) {
  broker->signal(SIGKILL);
  broker->wait();
  const Ended ended = run({"lag", "--topic", "t", "--group", "g", "-o", "json"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_TRUE(ended.out.empty());
  EXPECT_FALSE(ended.err.empty());
}

}  // namespace
}  // namespace gantry::integration
