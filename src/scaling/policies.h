// Limits how fast the count changes: policies such as "at most 4 pods per 15 s", counted against the changes that the
// HPA made within each policy's period. Source: the HPA's convertDesiredReplicasWithBehaviorRate.
#pragma once

#include <cstdint>
#include <vector>

#include "scaling/explanation.h"
#include "scaling/spec.h"
#include "scaling/state.h"

namespace gantry::scaling {

// The most scale events kept: one each 0.2 s over the longest policy period. Beyond it the oldest go.
inline constexpr size_t kScaleEventsMax = 8192;

// The highest count that the rules allow now, at least current; the lowest, at most current.
int32_t scale_up_limit(const ScalingRules& rules, const std::vector<ScaleEvent>& events, int32_t current_replicas,
                       int64_t now_ms);
int32_t scale_down_limit(const ScalingRules& rules, const std::vector<ScaleEvent>& events, int32_t current_replicas,
                         int64_t now_ms);

// desired within the policies and within minReplicaCount (at least 1) and maxReplicaCount.
int32_t limit_rate(const ScaledObjectSpec& spec, const std::vector<ScaleEvent>& events, int32_t current_replicas,
                   int32_t desired_replicas, int64_t now_ms, Explanation& explanation);

// Remembers a change that the HPA made, and forgets those that no policy looks at any more.
void record_scale_event(const ScaledObjectSpec& spec, std::vector<ScaleEvent>& events, int32_t from_replicas,
                        int32_t to_replicas, int64_t now_ms);

}  // namespace gantry::scaling
