// Consumers that leave while a broker or a name server has not answered yet.
#include "unit/rocketmq/consumer_fixture.h"

namespace gantry::rocketmq {
namespace {

using namespace fake;
using testing::ElementsAre;
using testing::HasSubstr;

class LeavingTest : public ConsumerTest {
 protected:
  // Commits are taken, and not answered until answer_held().
  void hold_commits() {
    broker->on(code::kUpdateConsumerOffset, [this](remoting::Request& request) {
      auto header = Broker::header_of<wire::UpdateConsumerOffsetRequestHeader>(request);
      broker->offsets[{header.consumer_group, header.topic, header.queue_id}] = header.commit_offset;
      held.push_back(std::move(request));
    });
  }
  void answer_held() {
    for (auto& request : held) request.reply.send(rc::kSuccess);
    held.clear();
  }
  template <class AnyConsumer>
  void begin_to_stop(AnyConsumer& consumer) {
    asio::co_spawn(io, consumer.stop(), [this](std::exception_ptr) { stopped = true; });
  }
  // The broker has the commit of one message and does not answer when the consumer begins to stop.
  void stop_during_a_commit(Consumer& consumer) {
    broker->store("t", 0, "x");
    hold_commits();
    ASSERT_TRUE(await(io, consumer.start()));
    ASSERT_TRUE(until([&] { return held.size() == 1; }));
    begin_to_stop(consumer);
  }
  // True: at last nothing happens for a while, no timer of a loop that looks again either.
  bool falls_silent() {
    const auto deadline = std::chrono::steady_clock::now() + 2s;
    while (std::chrono::steady_clock::now() < deadline) {
      if (io.run_one_for(50ms) == 0) return true;
    }
    return false;
  }

  std::vector<remoting::Request> held;
  bool stopped = false;
};

TEST_F(LeavingTest, GivenACommitThatIsUnderWayThenStopWaitsForItsAnswerAndForNothingElse) {
  Consumer consumer(cluster, config(), take(), note(), note_doubt());
  ASSERT_NO_FATAL_FAILURE(stop_during_a_commit(consumer));
  EXPECT_TRUE(falls_silent());
  EXPECT_FALSE(stopped);
  answer_held();
  ASSERT_TRUE(until([&] { return stopped; }));
  EXPECT_THAT(acknowledged, ElementsAre("x"));
  EXPECT_TRUE(doubtful.empty());
}

TEST_F(LeavingTest, GivenACommitThatIsNeverAnsweredThenStopEndsAndTheMessageIsToldAsUnacknowledged) {
  cluster->stop();
  cluster = servers.connect({}, 200ms);
  Consumer consumer(cluster, config(), take(), note(), note_doubt());
  ASSERT_NO_FATAL_FAILURE(stop_during_a_commit(consumer));
  ASSERT_TRUE(until([&] { return stopped; }));
  EXPECT_TRUE(acknowledged.empty());
  EXPECT_THAT(doubtful, ElementsAre("x"));
}

TEST_F(LeavingTest, GivenAMessageAtHandWhenTheQueueIsTakenAwayThenItIsCommittedAsSoonAsItEnds) {
  broker->store("t", 0, "x");
  auto settings = config();
  settings.handover_delay = 1h;
  asio::steady_timer work(io, std::chrono::hours(1));
  bool begun = false;
  Consumer consumer(
      cluster, settings,
      [&](const ReceivedMessage&) -> asio::awaitable<Outcome> {
        begun = true;
        co_await work.async_wait(asio::as_tuple(asio::use_awaitable));
        co_return Outcome::success;
      },
      note(), note_doubt());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return begun && consumer.assigned_queues() == 4; }));
  broker->members["g"]["!"] = broker->members["g"].begin()->second;  // sorts first: the queue 0 goes to it
  broker->notify_members_changed("g");
  ASSERT_TRUE(until([&] { return consumer.assigned_queues() == 2; }));
  work.cancel();
  EXPECT_TRUE(until([&] { return acknowledged.size() == 1; }));
  EXPECT_EQ(committed(0), 1);
  EXPECT_TRUE(doubtful.empty());
  await(io, consumer.stop());
}

// The loop that looks for new brokers before a heartbeat is still waiting for the route when the consumer has gone.
TEST_F(LeavingTest, GivenPopThatWaitsForARouteWhenStoppedThenNoHeartbeatFollowsTheFarewell) {
  auto settings = pop_config();
  settings.heartbeat_interval = 5ms;
  PopConsumer consumer(cluster, settings, take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  servers.hold_routes();
  cluster->forget_route("t");
  ASSERT_TRUE(until([&] { return !servers.held_routes.empty(); }));
  begin_to_stop(consumer);
  ASSERT_TRUE(until([&] { return stopped; }));
  ASSERT_TRUE(broker->members["g"].empty());
  servers.answer_routes();
  EXPECT_TRUE(falls_silent());
  EXPECT_TRUE(broker->members["g"].empty());
}

TEST_F(LeavingTest, GivenPopThatCouldNotJoinThenNothingIsPopped) {
  broker->store("t", 0, "x");
  broker->refuse(code::kHeartBeat, rc::kSystemError);
  PopConsumer consumer(cluster, pop_config(), take(), note());
  ASSERT_FALSE(await(io, consumer.start()));
  EXPECT_TRUE(falls_silent());
  EXPECT_EQ(broker->calls[code::kPopMessage], 0);
  ASSERT_TRUE(await(io, consumer.start()));  // another try
  EXPECT_TRUE(until([&] { return acknowledged.size() == 1; }));
  await(io, consumer.stop());
}

TEST_F(LeavingTest, GivenAnAcknowledgedCallbackThatThrowsThenItIsSaidAndTheConsumerGoesOnAndLeaves) {
  broker->store("t", 0, "0");
  Consumer consumer(cluster, config(), take(),
                    [](const ReceivedMessage&, Outcome) { throw std::runtime_error("out of disk"); });
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return committed(0) == 1; }));
  EXPECT_TRUE(until([&] { return !consumer.last_error().empty(); }));
  EXPECT_THAT(consumer.last_error(), HasSubstr("out of disk"));
  broker->store("t", 0, "1");
  EXPECT_TRUE(until([&] { return committed(0) == 2; }));
  begin_to_stop(consumer);
  EXPECT_TRUE(until([&] { return stopped; }));
  EXPECT_TRUE(broker->members["g"].empty());
}

// The same when the callback is called for a queue that is handed over.
TEST_F(LeavingTest, GivenAnAcknowledgedCallbackThatThrowsAtAHandOverThenStopEnds) {
  broker->store("t", 0, "0");
  auto settings = config();
  settings.commit_interval = 1h;
  Consumer consumer(cluster, settings, take(),
                    [](const ReceivedMessage&, Outcome) { throw std::runtime_error("out of disk"); });
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return handled.size() == 1; }));
  broker->members["g"]["!"] = broker->members["g"].begin()->second;
  broker->notify_members_changed("g");
  ASSERT_TRUE(until([&] { return committed(0) == 1; }));
  begin_to_stop(consumer);
  EXPECT_TRUE(run_until(io, [&] { return stopped; }, 5s));
}

}  // namespace
}  // namespace gantry::rocketmq
