#include "autoscaler/scaled_job_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "autoscaler/scaled_job_spec.h"
#include "unit/drive.h"

namespace gantry::autoscaler {
namespace {

using namespace std::chrono_literals;
using gantry::test::run_until;
using testing::ElementsAre;
using testing::HasSubstr;

// Jobs that end only when told so.
struct JobWorld {
  boost::asio::io_context io;
  std::expected<double, std::string> lag = 0.0;
  scaling::JobCounts counts;
  std::vector<std::int64_t> created;
  std::vector<JobTarget::Finished> finished;
  std::vector<std::string> forgotten;
  int readings = 0;
  std::shared_ptr<ScaledJobRunner> runner;

  explicit JobWorld(const std::function<void(scaling::ScaledJobSpec&)>& change = {}) {
    kube::ScaledJob object;
    object.metadata.name = "resize";
    object.triggers.emplace_back().type = "external-push";
    scaling::ScaledJobSpec spec;
    spec.polling_interval_ms = 20;
    spec.max_replica_count = 5;
    spec.triggers.push_back({"t", 0, {{"lag", scaling::TargetType::average_value, 1}}});
    if (change) change(spec);
    JobTarget target;
    target.counts = [this] { return counts; };
    target.create = [this](std::int64_t n) {
      created.push_back(n);
      counts.running += n;
    };
    target.finished = [this] { return finished; };
    target.forget = [this](const std::string& name) {
      forgotten.push_back(name);
      std::erase_if(finished, [&](const auto& job) { return job.name == name; });
    };
    runner = std::make_shared<ScaledJobRunner>(
        io, object, spec, target, [this](const kube::Trigger&) { return read(); }, [] { return 1'700'000'000'000; });
  }
  ~JobWorld() {
    runner->stop();
    io.restart();
    io.run_for(50ms);
  }
  boost::asio::awaitable<scaling::TriggerReading> read() {
    ++readings;
    scaling::TriggerReading reading;
    reading.metrics.push_back({"lag", lag});
    if (lag) reading.active = *lag > 0;
    co_return reading;
  }
  bool until(const std::function<bool()>& condition) { return run_until(io, condition); }
  bool polls(int more) {
    return until([this, wanted = readings + more] { return readings >= wanted; });
  }
};

TEST(ScaledJobRunner, GivenMessagesThenJobsAreCreatedOnceForEachAndMoreWhenSomeEnd) {
  JobWorld world;
  world.lag = 7;
  world.runner->start();
  ASSERT_TRUE(world.until([&] { return !world.created.empty(); }));
  ASSERT_TRUE(world.polls(5));
  EXPECT_THAT(world.created, ElementsAre(5)) << "nothing is started twice";
  world.counts.running = 4;
  world.lag = 6;
  ASSERT_TRUE(world.until([&] { return world.created.size() == 2; }));
  EXPECT_THAT(world.created, ElementsAre(5, 1));
  EXPECT_EQ(world.runner->decision()->active, true);
  EXPECT_EQ(world.runner->decided_at_ms(), 1'700'000'000'000);
}

TEST(ScaledJobRunner, GivenAnUnknownLagThenNoJobIsCreatedAndTheErrorIsShownUntilItIsKnown) {
  JobWorld world;
  world.lag = std::unexpected("broker-a: connection refused");
  world.runner->start();
  ASSERT_TRUE(world.polls(5));
  EXPECT_TRUE(world.created.empty());
  EXPECT_EQ(world.runner->last_error(), "broker-a: connection refused");
  world.lag = 2;
  ASSERT_TRUE(world.until([&] { return !world.created.empty(); }));
  EXPECT_EQ(world.runner->last_error(), "");
}

TEST(ScaledJobRunner, GivenFinishedJobsThenTheOldestBeyondTheHistoryAreForgotten) {
  JobWorld world([](scaling::ScaledJobSpec& spec) {
    spec.successful_jobs_history_limit = 1;
    spec.failed_jobs_history_limit = 0;
  });
  world.finished = {{"a", 30, true}, {"b", 10, true}, {"c", 20, false}};
  world.runner->start();
  ASSERT_TRUE(world.polls(3));
  EXPECT_THAT(world.forgotten, ElementsAre("b", "c"));
}

TEST(ScaledJobRunner, GivenAStopThenNothingIsCreatedAnyMore) {
  JobWorld world;
  world.runner->start();
  ASSERT_TRUE(world.polls(2));
  world.runner->stop();
  world.lag = 5;
  world.io.restart();
  world.io.run_for(60ms);
  EXPECT_TRUE(world.created.empty());
}

TEST(ScaledJobSpecOf, GivenEveryOptionThenItArrives) {
  kube::ScaledJob object;
  object.file = "f.yaml";
  object.line = 3;
  object.metadata.name = "resize";
  object.polling_interval_s = 7;
  object.min_replica_count = 1;
  object.max_replica_count = 9;
  object.successful_jobs_history_limit = 2;
  object.failed_jobs_history_limit = 3;
  object.strategy = {.strategy = "custom",
                     .custom_queue_length_deduction = 4,
                     .custom_running_job_percentage = 0.5,
                     .multiple_scalers_calculation = "sum"};
  object.paused = true;
  EXPECT_THAT(spec_of(object).error().message, HasSubstr("f.yaml:3: ScaledJob resize: triggers: expected at least"));
  kube::Trigger& trigger = object.triggers.emplace_back();
  trigger.type = "external";
  trigger.rocketmq.emplace();
  trigger.rocketmq->lag_threshold = 2;
  trigger.rocketmq->activation_lag_threshold = 6;

  const auto spec = spec_of(object);

  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->polling_interval_ms, 7'000);
  EXPECT_EQ(spec->min_replica_count, 1);
  EXPECT_EQ(spec->max_replica_count, 9);
  EXPECT_EQ(spec->successful_jobs_history_limit, 2);
  EXPECT_EQ(spec->failed_jobs_history_limit, 3);
  EXPECT_EQ(spec->strategy, scaling::JobStrategy::custom);
  EXPECT_EQ(spec->custom_queue_length_deduction, 4);
  EXPECT_EQ(spec->custom_running_job_percentage, 0.5);
  EXPECT_EQ(spec->multiple_scalers, scaling::MultipleScalers::sum);
  EXPECT_TRUE(spec->paused);
  EXPECT_EQ(spec->triggers.at(0).activation_threshold, 6);
  EXPECT_EQ(spec->triggers.at(0).metrics.at(0).target, 2);
}

}  // namespace
}  // namespace gantry::autoscaler
