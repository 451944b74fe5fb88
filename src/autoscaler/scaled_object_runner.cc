#include "autoscaler/scaled_object_runner.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/spawn.h"

namespace gantry::autoscaler {

using boost::asio::awaitable;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

namespace {

// Scaling waits and measures by a clock that nobody sets: an hour back on the wall is not an hour without scaling.
std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

ScaledObjectRunner::ScaledObjectRunner(boost::asio::io_context& io, kube::ScaledObject object,
                                       scaling::ScaledObjectSpec spec, ScaleTarget target, ReadTrigger read,
                                       WallClock wall_clock)
    : io_(io),
      object_(std::move(object)),
      target_(std::move(target)),
      read_(std::move(read)),
      wall_clock_(std::move(wall_clock)),
      autoscaler_(std::make_unique<scaling::Autoscaler>(std::move(spec), steady_ms())),
      timer_(io) {}

void ScaledObjectRunner::start() {
  net::spawn(io_, "the scaling of " + object_.metadata.name, run(shared_from_this()));
}

void ScaledObjectRunner::stop() {
  stopped_ = true;
  timer_.cancel();
}

scaling::Explanation ScaledObjectRunner::explain() const { return autoscaler_->explain(steady_ms()); }

bool ScaledObjectRunner::watches_push() const {
  return target_.replicas().desired == 0 &&
         std::any_of(object_.triggers.begin(), object_.triggers.end(),
                     [](const kube::Trigger& trigger) { return trigger.type == "external-push"; });
}

awaitable<void> ScaledObjectRunner::run(std::shared_ptr<ScaledObjectRunner> self) {
  while (!self->stopped_) {
    const std::int64_t until_due_ms = std::max<std::int64_t>(0, autoscaler_->next_due_ms() - steady_ms());
    std::chrono::milliseconds wait(until_due_ms);
    if (watches_push()) wait = std::min(wait, kPushInterval);
    timer_.expires_after(wait);
    boost::system::error_code ignored;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    if (stopped_) co_return;

    scaling::Observation observation = co_await observe();
    if (stopped_) co_return;
    const bool pushed = watches_push() && std::any_of(observation.triggers.begin(), observation.triggers.end(),
                                                      [](const auto& t) { return t.active.value_or(false); });
    if (pushed) autoscaler_->poll_at_once(steady_ms());
    if (autoscaler_->next_due_ms() <= steady_ms()) decide(observation);
  }
}

awaitable<scaling::Observation> ScaledObjectRunner::observe() {
  scaling::Observation observation;
  // one after the other: readings are shared and cached, so a second trigger of a group costs nothing
  for (const kube::Trigger& trigger : object_.triggers) observation.triggers.push_back(co_await read_(trigger));
  const ScaleTarget::Replicas replicas = target_.replicas();
  observation.current_replicas = replicas.desired;
  observation.status_replicas = replicas.existing;
  observation.ready_replicas = replicas.ready;
  co_return observation;
}

void ScaledObjectRunner::decide(const scaling::Observation& observation) {
  const scaling::Decision& decision = autoscaler_->step(observation, steady_ms());
  decided_at_ms_ = wall_clock_();
  if (decision.polled) active_ = decision.active;
  last_error_.clear();
  for (const scaling::ResolvedMetric& metric : autoscaler_->metrics()) {
    if (!metric.error.empty()) last_error_ = metric.error;
  }
  if (decision.desired_replicas != observation.current_replicas) target_.scale(decision.desired_replicas);
}

}  // namespace gantry::autoscaler
