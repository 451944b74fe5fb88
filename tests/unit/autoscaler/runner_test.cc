#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "autoscaler/scaled_object_runner.h"
#include "triggers/lag_cache.h"

namespace gantry::autoscaler {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;

// Runs the loop until the condition holds or the deadline is over.
bool run_until(boost::asio::io_context& io, const std::function<bool()>& condition,
               std::chrono::milliseconds deadline = 5s) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition() && std::chrono::steady_clock::now() < end) {
    io.restart();
    io.run_one_for(20ms);
  }
  return condition();
}

struct World {
  boost::asio::io_context io;
  std::expected<double, std::string> lag = 0.0;
  std::int32_t replicas = 0;
  int readings = 0;
  std::int64_t wall_ms = 1'700'000'000'000;
  std::shared_ptr<ScaledObjectRunner> runner;

  explicit World(const char* trigger_type, std::int64_t polling_interval_ms = 20) {
    kube::ScaledObject object;
    object.metadata.name = "so";
    object.triggers.emplace_back().type = trigger_type;
    scaling::ScaledObjectSpec spec;
    spec.polling_interval_ms = polling_interval_ms;
    spec.hpa_sync_period_ms = 20;
    spec.cooldown_period_ms = 50;
    spec.max_replica_count = 5;
    spec.scale_down.stabilization_window_s = 0;
    spec.triggers.push_back({"t", 0, {{"lag", scaling::TargetType::average_value, 10}}});
    ScaleTarget target;
    target.replicas = [this] { return ScaleTarget::Replicas{replicas, replicas, replicas}; };
    target.scale = [this](std::int32_t n) { replicas = n; };
    runner = std::make_shared<ScaledObjectRunner>(
        io, object, spec, target, [this](const kube::Trigger&) { return read(); }, [this] { return wall_ms; });
  }
  ~World() {
    runner->stop();
    io.restart();
    io.run_for(50ms);
  }
  awaitable<scaling::TriggerReading> read() {
    ++readings;
    scaling::TriggerReading reading;
    reading.metrics.push_back({"lag", lag});
    if (lag) reading.active = *lag > 0;
    co_return reading;
  }
};

TEST(ScaledObjectRunner, GivenABacklogThenReplicasRiseFromZeroAndGoAgain) {
  World world("external");
  world.runner->start();
  EXPECT_TRUE(run_until(world.io, [&] { return world.runner->decided_at_ms().has_value(); }));
  EXPECT_EQ(world.replicas, 0);
  EXPECT_EQ(world.runner->active(), false);
  world.lag = 45;
  EXPECT_TRUE(run_until(world.io, [&] { return world.replicas == 5; })) << world.runner->explain().text();
  world.lag = 0;
  EXPECT_TRUE(run_until(world.io, [&] { return world.replicas == 0; })) << world.runner->explain().text();
}

TEST(ScaledObjectRunner, GivenAnUnknownLagThenNothingGoesAwayAndTheErrorIsShown) {
  World world("external");
  world.lag = 45;
  world.runner->start();
  ASSERT_TRUE(run_until(world.io, [&] { return world.replicas == 5; }));
  world.lag = std::unexpected("broker-a: connection refused");
  const int before = world.readings;
  ASSERT_TRUE(run_until(world.io, [&] { return world.readings > before + 20; }));
  EXPECT_EQ(world.replicas, 5);
  EXPECT_EQ(world.runner->last_error(), "broker-a: connection refused");
  world.lag = 45;
  EXPECT_TRUE(run_until(world.io, [&] { return world.runner->last_error().empty(); }));
}

TEST(ScaledObjectRunner, GivenAPushTriggerAtZeroThenItWakesLongBeforeTheNextPoll) {
  World world("external-push", 3'600'000);
  world.runner->start();
  ASSERT_TRUE(run_until(world.io, [&] { return world.readings > 0; }));
  world.lag = 1;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(run_until(world.io, [&] { return world.replicas > 0; }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST(ScaledObjectRunner, GivenAWallClockThatIsSetBackThenScalingGoesOnAndOnlyTheTimeShownFollows) {
  World world("external");
  world.runner->start();
  ASSERT_TRUE(run_until(world.io, [&] { return world.runner->decided_at_ms() == world.wall_ms; }));
  world.wall_ms -= 3'600'000;
  world.lag = 45;
  EXPECT_TRUE(run_until(world.io, [&] { return world.replicas == 5; })) << world.runner->explain().text();
  EXPECT_EQ(world.runner->decided_at_ms(), world.wall_ms);
}

struct SlowSource : lag::LagSource {
  explicit SlowSource(boost::asio::io_context& context) : io(context) {}
  awaitable<Result<lag::LagReading>> read(lag::LagQuery query) override {
    ++reads;
    boost::asio::steady_timer timer(io, 20ms);
    co_await timer.async_wait(boost::asio::use_awaitable);
    lag::LagReading reading;
    reading.topic = query.topic;
    reading.lag = reads;
    co_return reading;
  }
  boost::asio::io_context& io;
  int reads = 0;
};

TEST(LagCache, GivenManyWhoAskAtOnceThenOneReadingServesThemAll) {
  boost::asio::io_context io;
  auto source = std::make_shared<SlowSource>(io);
  triggers::LagCache cache(io, source, 10s);
  std::vector<std::int64_t> seen;
  const auto ask = [&](std::string topic) -> awaitable<void> {
    lag::LagQuery query{topic, "g", lag::OffsetResetPolicy::earliest};
    auto reading = co_await cache.read(std::move(query));
    seen.push_back(reading->lag.value());
  };
  for (int i = 0; i < 5; ++i) boost::asio::co_spawn(io, ask("t"), boost::asio::detached);
  ASSERT_TRUE(run_until(io, [&] { return seen.size() == 5; }));
  EXPECT_EQ(source->reads, 1);
  boost::asio::co_spawn(io, ask("t"), boost::asio::detached);
  ASSERT_TRUE(run_until(io, [&] { return seen.size() == 6; }));
  EXPECT_EQ(source->reads, 1) << "still fresh";
  boost::asio::co_spawn(io, ask("u"), boost::asio::detached);
  ASSERT_TRUE(run_until(io, [&] { return seen.size() == 7; }));
  EXPECT_EQ(source->reads, 2) << "another topic is another reading";
}

TEST(LagCache, GivenAReadingThatIsOldThenItIsReadAgain) {
  boost::asio::io_context io;
  auto source = std::make_shared<SlowSource>(io);
  triggers::LagCache cache(io, source, 0ms);
  int done = 0;
  const auto ask = [&]() -> awaitable<void> {
    lag::LagQuery query{"t", "g", lag::OffsetResetPolicy::earliest};
    (void)co_await cache.read(std::move(query));
    (void)co_await cache.read(lag::LagQuery(query));
    ++done;
  };
  boost::asio::co_spawn(io, ask(), boost::asio::detached);
  ASSERT_TRUE(run_until(io, [&] { return done == 1; }));
  EXPECT_EQ(source->reads, 2);
}

}  // namespace
}  // namespace gantry::autoscaler
