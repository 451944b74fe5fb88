// Consumers that leave while a broker has not answered yet.
#include "unit/rocketmq/consumer_fixture.h"

namespace gantry::rocketmq {
namespace {

using namespace fake;
using testing::ElementsAre;

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
  broker->store("t", 0, "x");
  hold_commits();
  Consumer consumer(cluster, config(), take(), note(), note_doubt());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return held.size() == 1; }));
  begin_to_stop(consumer);
  EXPECT_TRUE(falls_silent());
  EXPECT_FALSE(stopped);
  answer_held();
  ASSERT_TRUE(until([&] { return stopped; }));
  EXPECT_THAT(acknowledged, ElementsAre("x"));
  EXPECT_TRUE(doubtful.empty());
}

TEST_F(LeavingTest, GivenACommitThatIsNeverAnsweredThenStopEndsAndTheMessageIsToldAsUnacknowledged) {
  ClusterConfig hasty;
  hasty.name_servers = servers.address();
  hasty.request_timeout = 200ms;
  cluster->stop();
  cluster = *Cluster::create(io, hasty);
  broker->store("t", 0, "x");
  hold_commits();
  Consumer consumer(cluster, config(), take(), note(), note_doubt());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return held.size() == 1; }));
  begin_to_stop(consumer);
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

}  // namespace
}  // namespace gantry::rocketmq
