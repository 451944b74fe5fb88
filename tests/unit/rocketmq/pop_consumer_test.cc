// The POP consumer against servers that the test controls.
#include "rocketmq/pop_consumer.h"

#include "unit/rocketmq/consumer_fixture.h"

namespace gantry::rocketmq {
namespace {

using namespace fake;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(ConsumerTest, GivenPopThenEachMessageIsAcknowledgedByItsReceipt) {
  for (int i = 0; i < 6; ++i) broker->store("t", 0, std::to_string(i));
  PopConsumer consumer(cluster, pop_config(), take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return acknowledged.size() == 6; }));
  EXPECT_THAT(handled, ElementsAre("0", "1", "2", "3", "4", "5"));
  EXPECT_THAT(broker->acked[1], HasSubstr("broker-a 0 1"));
  EXPECT_EQ(broker->consume_types["g"], "CONSUME_POP");
  EXPECT_EQ(consumer.last_error(), "");
  await(io, consumer.stop());
  EXPECT_TRUE(broker->members["g"].empty());
}

TEST_F(ConsumerTest, GivenPopAndAHandlerThatFailsThenTheMessageBecomesVisibleLater) {
  broker->store("t", 0, "bad");
  PopConsumer consumer(cluster, pop_config(), take(Outcome::retry), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return acknowledged.size() == 1; }));
  EXPECT_EQ(broker->changed.size(), 1U);
  EXPECT_TRUE(broker->acked.empty());
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenPopWhenStoppedThenWhatWasNotBegunIsGivenBack) {
  stop_while_the_first_is_at_work<PopConsumer>(pop_config());
  EXPECT_EQ(broker->acked.size(), 1U);
  EXPECT_EQ(broker->changed.size(), 3U);  // of the four that one pop brought
}

TEST_F(ConsumerTest, GivenPopThatFailsThenItIsTriedAgain) {
  broker->store("t", 0, "x", tagged("A"));
  broker->store("t", 0, "y", tagged("B"));
  broker->refuse(code::kPopMessage, rc::kPollingFull);
  auto c = pop_config();
  c.tags = "A";
  PopConsumer consumer(cluster, c, take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return !consumer.last_error().empty(); }));
  EXPECT_THAT(consumer.last_error(), HasSubstr("long polls"));
  ASSERT_TRUE(until([&] { return broker->acked.size() == 2; }));
  EXPECT_THAT(handled, ElementsAre("x"));
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenPopAndAnAcknowledgementThatIsRefusedThenTheMessageIsToldAsUnacknowledged) {
  broker->store("t", 0, "x");
  broker->store("t", 0, "y");
  broker->refuse(code::kAckMessage, rc::kSystemError);
  PopConsumer consumer(cluster, pop_config(), take(), note(), note_doubt());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return acknowledged.size() == 1; }));
  EXPECT_THAT(doubtful, ElementsAre("x"));
  EXPECT_THAT(doubt, HasSubstr("refused by the test"));
  await(io, consumer.stop());
}

// What a pop brings after stop() has begun is given back by its loop, while stop() looks at the same queue.
TEST_F(ConsumerTest, GivenPopThatAnswersWhileItIsStoppedThenEachMessageIsGivenBackOnce) {
  broker->store("t", 0, "first");
  asio::steady_timer work(io, std::chrono::hours(1));
  bool begun = false;
  PopConsumer consumer(
      cluster, pop_config(),
      [&](const ReceivedMessage&) -> asio::awaitable<Outcome> {
        begun = true;
        co_await work.async_wait(asio::as_tuple(asio::use_awaitable));
        co_return Outcome::success;
      },
      note());
  // the second pop is held until the consumer is stopping
  std::optional<remoting::Request> held_pop;
  broker->on(code::kPopMessage, [&](remoting::Request& request) {
    if (begun) {
      held_pop = std::move(request);
    } else {
      pop(*broker, request);
    }
  });
  // the first giving back is held until stop() has come by
  std::optional<remoting::Request> held_change;
  broker->on(code::kChangeMessageInvisibletime, [&](remoting::Request& request) {
    broker->changed.push_back(Broker::header_of<wire::ChangeInvisibleTimeRequestHeader>(request).extra_info);
    if (broker->changed.size() == 1) {
      held_change = std::move(request);
    } else {
      Broker::answer_header(request, wire::ChangeInvisibleTimeResponseHeader{});
    }
  });
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return held_pop.has_value(); }));
  bool stopped = false;
  asio::co_spawn(io, consumer.stop(), [&](std::exception_ptr) { stopped = true; });
  for (int i = 0; i < 3; ++i) broker->store("t", 0, std::to_string(i));
  io.poll();
  pop(*broker, *held_pop);
  ASSERT_TRUE(until([&] { return held_change.has_value(); }));
  work.cancel();
  ASSERT_TRUE(until([&] { return stopped; }));
  Broker::answer_header(*held_change, wire::ChangeInvisibleTimeResponseHeader{});
  ASSERT_TRUE(until([&] { return broker->changed.size() >= 3; }));
  io.poll();
  EXPECT_EQ(std::set<std::string>(broker->changed.begin(), broker->changed.end()).size(), 3U);
  EXPECT_EQ(broker->changed.size(), 3U);
}

TEST_F(ConsumerTest, GivenACallbackThatThrowsThenItIsSaidAndTheConsumerGoesOnAndStops) {
  broker->store("t", 0, "0");
  broker->store("t", 0, "1");
  const auto throws = [](const ReceivedMessage&, Outcome) { throw std::runtime_error("out of disk"); };
  PopConsumer consumer(cluster, pop_config(), take(), throws);
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return handled.size() == 2 && broker->acked.size() == 2; }));
  ASSERT_TRUE(until([&] { return !consumer.last_error().empty(); }));
  EXPECT_THAT(consumer.last_error(), HasSubstr("out of disk"));
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenAnErrorOfOneBrokerThenTheSuccessOfAnotherDoesNotHideIt) {
  Broker& other = servers.add_broker("broker-b");
  servers.add_topic("t", 1);
  other.on(code::kPopMessage, [](remoting::Request& request) { request.reply.send(rc::kSystemError, "no disk"); });
  PopConsumer consumer(cluster, pop_config(), take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return !consumer.last_error().empty(); }));
  const int pops = broker->calls[code::kPopMessage];
  ASSERT_TRUE(until([&] { return broker->calls[code::kPopMessage] > pops + 3; }));
  EXPECT_THAT(consumer.last_error(), HasSubstr("no disk"));
  await(io, consumer.stop());
}

// Whatever messages the others bring meanwhile.
TEST_F(ConsumerTest, GivenABrokerThatFailsThenItAndTheNameServerAreAskedAgainAfterTheDelayOnly) {
  Broker& other = servers.add_broker("broker-b");
  servers.add_topic("t", 1);
  other.on(code::kPopMessage, [](remoting::Request& request) { request.reply.send(rc::kSystemError, "no disk"); });
  for (int i = 0; i < 50; ++i) broker->store("t", 0, std::to_string(i));
  const auto begin = std::chrono::steady_clock::now();
  auto alive = std::make_shared<int>();
  {
    PopConsumer consumer(
        cluster, pop_config(),
        [alive, slowly = take_slowly()](const ReceivedMessage& message) { return slowly(message); }, note());
    ASSERT_TRUE(await(io, consumer.start()));
    ASSERT_TRUE(until([&] { return acknowledged.size() == 50 && other.calls[code::kPopMessage] > 0; }));
    EXPECT_LE(other.calls[code::kPopMessage], tries_since(begin));
    EXPECT_LE(servers.route_calls, 1 + 2 * tries_since(begin));  // both may ask before the answer comes
    // stopped in the middle of a delay
    const int tried = other.calls[code::kPopMessage];
    ASSERT_TRUE(until([&] { return other.calls[code::kPopMessage] > tried; }));
    await(io, consumer.stop());
  }
  EXPECT_TRUE(run_until(io, [&] { return alive.use_count() == 1; }, kRetryDelay / 2));  // no loop keeps it
}

TEST_F(ConsumerTest, GivenPopWithoutTopicThenStartFails) {
  auto c = pop_config();
  c.topic = "nope";
  PopConsumer consumer(cluster, c, take());
  EXPECT_EQ(await(io, consumer.start()).error().code, Errc::not_found);
}

}  // namespace
}  // namespace gantry::rocketmq
