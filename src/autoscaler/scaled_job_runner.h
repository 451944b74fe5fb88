// One ScaledJob on this machine: at every polling interval it reads its triggers, decides how many jobs to create, and
// lets the oldest finished ones be forgotten. KEDA polls for ScaledJobs whatever their triggers push, and so do we. A
// failing reading never stops it; it is an unknown value that creates no job.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autoscaler/scaled_object_runner.h"
#include "kube/scaled_job.h"
#include "scaling/job_scaling.h"

namespace gantry::autoscaler {

// Where jobs are created. Called on the runner's thread only.
struct JobTarget {
  struct Finished {
    std::string name;
    std::int64_t ended_at_ms = 0;  // Unix time
    bool complete = false;         // else it has failed
  };
  std::function<scaling::JobCounts()> counts;
  std::function<void(std::int64_t)> create;
  std::function<std::vector<Finished>()> finished;
  std::function<void(const std::string& name)> forget;
};

// Made by std::make_shared: its coroutine keeps it alive until the step at hand has ended.
class ScaledJobRunner : public std::enable_shared_from_this<ScaledJobRunner> {
 public:
  // All on the one thread that runs `io`. `spec` must come from spec_of(object).
  ScaledJobRunner(boost::asio::io_context& io, kube::ScaledJob object, scaling::ScaledJobSpec spec, JobTarget target,
                  ReadTrigger read, WallClock wall_clock = now_ms);

  void start();
  void stop();  // no further job is created; those that run go on

  const kube::ScaledJob& object() const { return object_; }
  const scaling::ScaledJobSpec& spec() const { return spec_; }
  scaling::JobCounts counts() const { return target_.counts(); }
  // The newest; empty before the first.
  const std::optional<scaling::JobDecision>& decision() const { return decision_; }
  std::optional<std::int64_t> decided_at_ms() const { return decided_at_ms_; }
  const std::string& last_error() const { return last_error_; }  // empty: the last readings all succeeded

 private:
  boost::asio::awaitable<void> run(std::shared_ptr<ScaledJobRunner> self);
  void decide(const std::vector<scaling::TriggerReading>& readings);
  void clean_up();

  boost::asio::io_context& io_;
  kube::ScaledJob object_;
  scaling::ScaledJobSpec spec_;
  JobTarget target_;
  ReadTrigger read_;
  WallClock wall_clock_;
  boost::asio::steady_timer timer_;
  bool stopped_ = false;
  std::optional<scaling::JobDecision> decision_;
  std::optional<std::int64_t> decided_at_ms_;
  std::string last_error_;
};

}  // namespace gantry::autoscaler
