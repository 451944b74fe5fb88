// What an unreadable metric counts as once it failed more often in a row than fallback.failureThreshold (KEDA's
// pkg/fallback): the value that makes the HPA propose the wanted replicas.
#pragma once

#include <cstdint>
#include <optional>

#include "scaling/spec.h"

namespace gantry::scaling {

// The replicas that the fallback asks for when the target was last asked to have current_replicas.
int32_t fallback_replicas(const FallbackSpec& fallback, int32_t current_replicas);

// True when the user wrote down that an unreadable trigger means nobody is needed: replicas: 0, and a behavior that
// does not hold on to current replicas. This is the one way in which unknown may end at zero.
bool falls_back_to_zero(const FallbackSpec& fallback);

// The metric's value under fallback; nothing for a Value target without ready replicas to divide by (stays unknown).
std::optional<double> fallback_value(const FallbackSpec& fallback, const MetricSpec& metric, int32_t current_replicas,
                                     int32_t ready_replicas);

}  // namespace gantry::scaling
