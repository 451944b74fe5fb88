// Short ways to write down specs and observations in the tests of scaling.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scaling/autoscaler.h"

namespace gantry::scaling::test {

// One trigger "orders" with one AverageValue metric "lag".
inline ScaledObjectSpec lag_spec(double target = 10, int32_t max = 100) {
  ScaledObjectSpec spec;
  spec.max_replica_count = max;
  spec.triggers = {{.name = "orders", .metrics = {{.name = "lag", .target = target}}}};
  return spec;
}

inline TriggerReading lag_reading(std::optional<double> lag) {
  if (!lag) return {.metrics = {{"lag", std::unexpected("broker-a did not answer")}}};
  return {.metrics = {{"lag", *lag}}};
}

// lag absent: unknown.
inline Observation seen(std::optional<double> lag, int32_t replicas) {
  return {.triggers = {lag_reading(lag)}, .current_replicas = replicas};
}

inline Observation seen_both(std::optional<double> first, std::optional<double> second, int32_t replicas) {
  return {.triggers = {lag_reading(first), lag_reading(second)}, .current_replicas = replicas};
}

// A spec with two triggers of the same kind.
inline ScaledObjectSpec two_trigger_spec(double target = 10) {
  ScaledObjectSpec spec = lag_spec(target);
  spec.triggers.push_back({.name = "refunds", .metrics = {{.name = "lag", .target = target}}});
  return spec;
}

// Steps with only KEDA's poll due, or only the HPA's sync.
inline Decision poll(const ScaledObjectSpec& spec, State state, const Observation& observation, int64_t now_ms) {
  state.next_poll_ms = now_ms;
  state.next_sync_ms = now_ms + 1;
  return step(spec, state, observation, now_ms);
}

inline Decision sync(const ScaledObjectSpec& spec, State state, const Observation& observation, int64_t now_ms) {
  state.next_poll_ms = now_ms + 1;
  state.next_sync_ms = now_ms;
  return step(spec, state, observation, now_ms);
}

}  // namespace gantry::scaling::test
