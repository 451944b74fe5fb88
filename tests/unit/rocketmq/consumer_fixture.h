// What the tests of the classic and of the POP consumer share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rocketmq/admin.h"
#include "rocketmq/consumer.h"
#include "rocketmq/pop_consumer.h"
#include "rocketmq/wakeup.h"
#include "unit/rocketmq/fake_cluster.h"

namespace gantry::rocketmq::fake {

inline std::string tagged(const std::string& tag) { return "TAGS\x01" + tag + "\x02"; }

// One broker with a topic "t" of four queues, and what the handlers and callbacks of the consumers noted.
class ConsumerTest : public testing::Test {
 protected:
  void SetUp() override {
    broker = &servers.add_broker("broker-a");
    servers.add_topic("t", 4);
    cluster = servers.connect();
  }
  void TearDown() override {
    cluster->stop();
    io.restart();
    io.poll();
  }

  ConsumerConfig config(ConsumeMode mode = ConsumeMode::push) {
    ConsumerConfig c;
    c.group = "g";
    c.topic = "t";
    c.mode = mode;
    c.commit_interval = 5ms;
    c.handover_delay = 20ms;
    c.poll_timeout = 100ms;
    return c;
  }

  Consumer::Handler take(Outcome outcome = Outcome::success) {
    return [this, outcome](const ReceivedMessage& message) -> asio::awaitable<Outcome> {
      handled.push_back(message.body);
      co_return outcome;
    };
  }
  Consumer::Acknowledged note() {
    return [this](const ReceivedMessage& message, Outcome) { acknowledged.push_back(message.body); };
  }
  Consumer::Unacknowledged note_doubt() {
    return [this](const ReceivedMessage& message, const Error& why) {
      doubtful.push_back(message.body);
      doubt = why.message;
    };
  }
  // Of five messages the first is at work when the consumer is stopped, and ends then.
  template <class AnyConsumer, class AnyConfig>
  void stop_while_the_first_is_at_work(const AnyConfig& c) {
    for (int i = 0; i < 5; ++i) broker->store("t", 0, std::to_string(i));
    asio::steady_timer work(io, std::chrono::hours(1));
    int begun = 0;
    AnyConsumer consumer(
        cluster, c,
        [&](const ReceivedMessage&) -> asio::awaitable<Outcome> {
          ++begun;
          co_await work.async_wait(asio::as_tuple(asio::use_awaitable));
          co_return Outcome::success;
        },
        note());
    ASSERT_TRUE(await(io, consumer.start()));
    ASSERT_TRUE(until([&] { return begun == 1; }));
    consumer.hold();
    asio::post(io, [&] { work.cancel(); });
    await(io, consumer.stop());
    EXPECT_EQ(begun, 1);
    EXPECT_THAT(acknowledged, testing::ElementsAre("0"));
    await(io, consumer.stop());  // again: nothing
    EXPECT_EQ(begun, 1);
  }
  // Every handler takes a moment, so that what its end sets off can run before the next begins.
  Consumer::Handler take_slowly() {
    return [this](const ReceivedMessage& message) -> asio::awaitable<Outcome> {
      asio::steady_timer moment(io, 2ms);
      co_await moment.async_wait(asio::as_tuple(asio::use_awaitable));
      handled.push_back(message.body);
      co_return Outcome::success;
    };
  }
  // How often something may have been tried since `begin` that fails at once, every time.
  static int tries_since(std::chrono::steady_clock::time_point begin) {
    return 1 + static_cast<int>((std::chrono::steady_clock::now() - begin) / kRetryDelay);
  }
  bool until(const std::function<bool()>& condition) { return run_until(io, condition); }
  std::int64_t committed(std::int32_t queue, const std::string& topic = "t") {
    auto it = broker->offsets.find({"g", topic, queue});
    return it == broker->offsets.end() ? -1 : it->second;
  }

  asio::io_context io{1};
  Servers servers{io};
  Broker* broker = nullptr;
  std::shared_ptr<Cluster> cluster;
  std::vector<std::string> handled;
  std::vector<std::string> acknowledged;
  std::vector<std::string> doubtful;  // handled, without a known acknowledgement
  std::string doubt;                  // why
};

inline PopConsumerConfig pop_config() {
  PopConsumerConfig c;
  c.group = "g";
  c.topic = "t";
  c.poll_timeout = 100ms;
  c.batch_max = 4;
  return c;
}

}  // namespace gantry::rocketmq::fake
