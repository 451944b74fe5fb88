// Damps flapping: going down waits until nothing higher was recommended for a while (300 s by default), going up until
// nothing lower was (0 s). Source: the HPA's stabilizeRecommendationWithBehaviors (Kubernetes 1.21 and later).
#pragma once

#include <cstdint>
#include <vector>

#include "scaling/explanation.h"
#include "scaling/spec.h"
#include "scaling/state.h"

namespace gantry::scaling {

// The most recommendations kept: a sync each 0.5 s over the longest window. Beyond it the oldest go.
inline constexpr size_t kRecommendationsMax = 8192;

// The count between the lowest recommendation of the scale-up window and the highest of the scale-down window that is
// nearest to current. Afterwards desired is the newest recommendation, and those older than both windows are gone.
int32_t stabilize(const ScaledObjectSpec& spec, std::vector<Recommendation>& recommendations, int32_t current_replicas,
                  int32_t desired_replicas, int64_t now_ms, Explanation& explanation);

}  // namespace gantry::scaling
