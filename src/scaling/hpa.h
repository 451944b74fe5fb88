// The HorizontalPodAutoscaler's part, at every sync period: between one replica and the maximum, from the metrics'
// proposals over stabilisation and policies to bounds. Source of the rules: reconcileAutoscaler in Kubernetes'
// pkg/controller/podautoscaler/horizontal.go.
#pragma once

#include <cstdint>

#include "scaling/explanation.h"
#include "scaling/metrics.h"
#include "scaling/reading.h"
#include "scaling/spec.h"
#include "scaling/state.h"

namespace gantry::scaling {

// What the target should be asked to have now; observation.current_replicas when the HPA leaves it alone. Fills in the
// metrics' proposals, and the recommendations and scale events of the state as if the change is made.
// Not for a paused object (autoscaler.h sees to that).
int32_t sync_hpa(const ScaledObjectSpec& spec, State& state, ResolvedMetrics& metrics, const Observation& observation,
                 int64_t now_ms, Explanation& explanation);

}  // namespace gantry::scaling
