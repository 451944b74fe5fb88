#include "autoscaler/scaled_job_runner.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/spawn.h"

namespace gantry::autoscaler {

using boost::asio::awaitable;

ScaledJobRunner::ScaledJobRunner(boost::asio::io_context& io, kube::ScaledJob object, scaling::ScaledJobSpec spec,
                                 JobTarget target, ReadTrigger read, WallClock wall_clock)
    : io_(io),
      object_(std::move(object)),
      spec_(std::move(spec)),
      target_(std::move(target)),
      read_(std::move(read)),
      wall_clock_(std::move(wall_clock)),
      timer_(io) {}

void ScaledJobRunner::start() { net::spawn(io_, "the scaling of " + object_.metadata.name, run(shared_from_this())); }

void ScaledJobRunner::stop() {
  stopped_ = true;
  timer_.cancel();
}

awaitable<void> ScaledJobRunner::run(std::shared_ptr<ScaledJobRunner> self) {
  while (!self->stopped_) {
    std::vector<scaling::TriggerReading> readings;
    for (const kube::Trigger& trigger : object_.triggers) readings.push_back(co_await read_(trigger));
    if (stopped_) co_return;
    decide(readings);
    clean_up();
    timer_.expires_after(std::chrono::milliseconds(spec_.polling_interval_ms));
    boost::system::error_code ignored;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
}

void ScaledJobRunner::decide(const std::vector<scaling::TriggerReading>& readings) {
  decision_ = scaling::decide_jobs(spec_, readings, target_.counts());
  decided_at_ms_ = wall_clock_();
  last_error_.clear();
  for (const scaling::ResolvedMetric& metric : decision_->metrics) {
    if (!metric.error.empty()) last_error_ = metric.error;
  }
  if (decision_->create > 0) target_.create(decision_->create);
}

void ScaledJobRunner::clean_up() {
  const std::vector<JobTarget::Finished> finished = target_.finished();
  for (const bool complete : {true, false}) {
    std::vector<std::string> names;
    std::vector<std::int64_t> ends;
    for (const JobTarget::Finished& job : finished) {
      if (job.complete != complete) continue;
      names.push_back(job.name);
      ends.push_back(job.ended_at_ms);
    }
    const std::int32_t limit = complete ? spec_.successful_jobs_history_limit : spec_.failed_jobs_history_limit;
    for (const std::size_t i : scaling::beyond_history(ends, limit)) target_.forget(names[i]);
  }
}

}  // namespace gantry::autoscaler
