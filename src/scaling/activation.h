// KEDA's own part, at every polling interval: between zero (or idleReplicaCount) and the first replicas. What lies
// above is the HPA's (hpa.h). Source of the rules: RequestScale in KEDA's pkg/scaling/executor/scale_scaledobjects.go.
#pragma once

#include <cstdint>

#include "scaling/explanation.h"
#include "scaling/metrics.h"
#include "scaling/spec.h"
#include "scaling/state.h"

namespace gantry::scaling {

// What the target should be asked to have now; current_replicas when KEDA leaves it alone. Sets state.last_active_ms.
// Not for a paused object (autoscaler.h sees to that).
int32_t poll_keda(const ScaledObjectSpec& spec, State& state, const ResolvedMetrics& metrics, int32_t current_replicas,
                  int64_t now_ms, Explanation& explanation);

}  // namespace gantry::scaling
