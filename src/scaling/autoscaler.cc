#include "scaling/autoscaler.h"

#include <algorithm>
#include <utility>

#include "scaling/activation.h"
#include "scaling/hpa.h"

namespace gantry::scaling {
namespace {

void explain_outcome(int32_t current_replicas, int32_t desired_replicas, Explanation& explanation) {
  if (desired_replicas == current_replicas) {
    explanation.say(Topic::decision, "stays at {}", current_replicas);
  } else {
    explanation.say(Topic::decision, "from {} to {}", current_replicas, desired_replicas);
  }
}

// KEDA stops its loop and deletes the HPA, and with it what the HPA remembered.
Decision step_paused(const ScaledObjectSpec& spec, const State& state, const Observation& observation, int64_t now_ms) {
  const int32_t current = observation.current_replicas;
  Decision decision{.current_replicas = current,
                    .desired_replicas = spec.pause.paused_replicas.value_or(current),
                    .state = state,
                    .paused = true};
  decision.state.next_poll_ms = now_ms + spec.polling_interval_ms;
  decision.state.next_sync_ms = now_ms + spec.hpa_sync_period_ms;
  decision.state.recommendations.clear();
  decision.state.scale_events.clear();
  decision.poll.say(Topic::paused, "paused by annotation at {}{}", spec.pause.paused_replicas ? "" : "the current ",
                    decision.desired_replicas);
  return decision;
}

std::optional<bool> activity(const ScaledObjectSpec& spec, const ResolvedMetrics& metrics) {
  if (spec.pause.force_activation || !metrics.active_triggers.empty() || metrics.fallback_activates) return true;
  if (metrics.error) return std::nullopt;
  return false;
}

}  // namespace

Explanation Decision::explanation() const {
  Explanation all = readings;
  all.append(poll);
  all.append(sync);
  explain_outcome(current_replicas, desired_replicas, all);
  return all;
}

State initial_state(const ScaledObjectSpec& spec, int64_t created_at_ms) {
  return {.created_at_ms = created_at_ms,
          .next_poll_ms = created_at_ms,
          .next_sync_ms = created_at_ms + spec.hpa_sync_period_ms};
}

int64_t next_due_ms(const State& state) { return std::min(state.next_poll_ms, state.next_sync_ms); }

Decision step(const ScaledObjectSpec& spec, const State& state, const Observation& observation, int64_t now_ms) {
  if (spec.pause.paused || spec.pause.paused_replicas) return step_paused(spec, state, observation, now_ms);
  const int32_t current = observation.current_replicas;
  Decision decision{.current_replicas = current,
                    .desired_replicas = current,
                    .state = state,
                    .polled = now_ms >= state.next_poll_ms,
                    .synced = now_ms >= state.next_sync_ms};
  ResolvedMetrics metrics;
  // The HPA does not ask for metrics while there are no replicas; asking is what counts failures.
  if (decision.polled || (decision.synced && current > 0)) {
    metrics = resolve_metrics(spec, state.failures_in_a_row, observation, decision.readings);
    decision.state.failures_in_a_row = metrics.failures_in_a_row;
  }
  if (decision.polled) {
    decision.state.next_poll_ms = now_ms + spec.polling_interval_ms;
    decision.active = activity(spec, metrics);
    decision.desired_replicas = poll_keda(spec, decision.state, metrics, current, now_ms, decision.poll);
  }
  if (decision.synced) {
    decision.state.next_sync_ms = now_ms + spec.hpa_sync_period_ms;
    const Observation after_poll{.current_replicas = decision.desired_replicas,
                                 .status_replicas = observation.existing(),
                                 .ready_replicas = observation.ready()};
    decision.desired_replicas = sync_hpa(spec, decision.state, metrics, after_poll, now_ms, decision.sync);
  }
  decision.metrics = std::move(metrics.metrics);
  return decision;
}

Autoscaler::Autoscaler(ScaledObjectSpec spec, int64_t created_at_ms)
    : spec_(std::move(spec)), state_(initial_state(spec_, created_at_ms)) {
  last_.state = state_;
}

const Decision& Autoscaler::step(const Observation& observation, int64_t now_ms) {
  last_ = scaling::step(spec_, state_, observation, now_ms);
  state_ = last_.state;
  if (!last_.readings.lines.empty()) {
    metrics_ = last_.metrics;
    readings_ = last_.readings;
  }
  if (last_.polled || last_.paused) poll_ = last_.poll;
  if (last_.synced || last_.paused) sync_ = last_.sync;
  return last_;
}

void Autoscaler::update(ScaledObjectSpec spec, int64_t now_ms) {
  spec_ = std::move(spec);
  poll_at_once(now_ms);
  state_.next_sync_ms = std::min(state_.next_sync_ms, now_ms + spec_.hpa_sync_period_ms);
}

Explanation Autoscaler::explain(int64_t now_ms) const {
  Explanation all = readings_;
  all.append(poll_);
  all.append(sync_);
  if (!last_.paused && last_.desired_replicas > 0) {
    const int64_t left_s = (std::max<int64_t>(0, state_.next_sync_ms - now_ms) + 999) / 1'000;
    all.say(Topic::schedule, "the HPA looks again in {} s (every {}; gantry/hpa-sync-period sets it here)", left_s,
            seconds_text(spec_.hpa_sync_period_ms));
  }
  explain_outcome(last_.current_replicas, last_.desired_replicas, all);
  return all;
}

}  // namespace gantry::scaling
