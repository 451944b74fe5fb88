#include "scaling/activation.h"

#include <algorithm>

#include "scaling/fallback.h"

namespace gantry::scaling {
namespace {

int32_t activate(const ScaledObjectSpec& spec, State& state, int32_t current_replicas, int64_t now_ms,
                 Explanation& explanation) {
  if (spec.pause.scale_out_paused) {
    explanation.say(Topic::paused, "active, but scale-out is paused by annotation: stays at {}", current_replicas);
    return current_replicas;
  }
  const int32_t first = spec.hpa_min_replicas();
  state.last_active_ms = now_ms;
  explanation.say(Topic::activation, "active: from {} to {}", current_replicas, first);
  return first;
}

int32_t deactivate(const ScaledObjectSpec& spec, const State& state, int32_t current_replicas, int64_t now_ms,
                   Explanation& explanation) {
  if (spec.pause.scale_in_paused) {
    explanation.say(Topic::paused, "not active, but scale-in is paused by annotation: stays at {}", current_replicas);
    return current_replicas;
  }
  // KEDA compares with a last-active time cut to whole seconds, so a cooldown that is over to the millisecond is over.
  const bool was_active = state.last_active_ms.has_value();
  const int64_t period_ms = was_active ? spec.cooldown_period_ms : spec.initial_cooldown_period_ms;
  const int64_t elapsed_ms = now_ms - (was_active ? *state.last_active_ms : state.created_at_ms);
  const int32_t rest = spec.idle_replica_count.value_or(spec.min_replica_count);
  const char* name = was_active ? "cooldown" : "initial cooldown";
  if (elapsed_ms < period_ms) {
    explanation.say(Topic::cooldown, "not active; {}: {} of {} left before going from {} to {}", name,
                    seconds_text(period_ms - elapsed_ms), seconds_text(period_ms), current_replicas, rest);
    return current_replicas;
  }
  explanation.say(Topic::cooldown, "not active; {} of {} is over", name, seconds_text(period_ms));
  explanation.say(Topic::activation, "not active: from {} to {}{}", current_replicas, rest,
                  spec.idle_replica_count ? " (idleReplicaCount)" : "");
  return rest;
}

int32_t poll_active(const ScaledObjectSpec& spec, State& state, const ResolvedMetrics& metrics,
                    int32_t current_replicas, int64_t now_ms, Explanation& explanation) {
  const bool idle = spec.idle_replica_count && current_replicas < spec.min_replica_count;
  if (idle || current_replicas == 0) return activate(spec, state, current_replicas, now_ms, explanation);
  if (metrics.error) {
    // KEDA does not renew the time of activity while a trigger fails.
    explanation.say(Topic::activation, "active, though a trigger fails ({}); the cooldown is not renewed",
                    metrics.first_error);
    return current_replicas;
  }
  state.last_active_ms = now_ms;
  explanation.say(Topic::activation, "active: the HPA decides how many, {} at least",
                  std::max(1, spec.min_replica_count));
  return current_replicas;
}

int32_t poll_inactive(const ScaledObjectSpec& spec, State& state, const ResolvedMetrics& metrics,
                      int32_t current_replicas, int64_t now_ms, Explanation& explanation) {
  const bool to_zero_on_unknown = spec.fallback && falls_back_to_zero(*spec.fallback);
  if (metrics.error && !to_zero_on_unknown) {
    explanation.say(Topic::unknown, "no trigger is active, but not all could be read: stays at {}", current_replicas);
    return current_replicas;
  }
  const bool above_idle = spec.idle_replica_count && current_replicas > *spec.idle_replica_count;
  if (above_idle || (current_replicas > 0 && spec.min_replica_count == 0)) {
    if (metrics.error || metrics.fallback) {
      explanation.warn(Topic::fallback,
                       "fallback.replicas is 0: the target goes to {} after the cooldown although a trigger could not "
                       "be read ({}); set it above 0 to keep consumers when the lag is unknown",
                       spec.idle_replica_count.value_or(0), metrics.first_error);
    }
    return deactivate(spec, state, current_replicas, now_ms, explanation);
  }
  if (!spec.idle_replica_count && current_replicas < spec.min_replica_count) {
    explanation.say(Topic::bounds, "not active: from {} to minReplicaCount {}", current_replicas,
                    spec.min_replica_count);
    return spec.min_replica_count;
  }
  explanation.say(Topic::activation, "not active: stays at {}", current_replicas);
  return current_replicas;
}

}  // namespace

int32_t poll_keda(const ScaledObjectSpec& spec, State& state, const ResolvedMetrics& metrics, int32_t current_replicas,
                  int64_t now_ms, Explanation& explanation) {
  if (spec.pause.force_activation) {
    explanation.say(Topic::activation, "activation is forced by annotation");
  }
  const bool active = spec.pause.force_activation || !metrics.active_triggers.empty() || metrics.fallback_activates;
  return active ? poll_active(spec, state, metrics, current_replicas, now_ms, explanation)
                : poll_inactive(spec, state, metrics, current_replicas, now_ms, explanation);
}

}  // namespace gantry::scaling
