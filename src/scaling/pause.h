// The annotations on a ScaledObject that hold or force scaling, and how KEDA reads their values.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "scaling/spec.h"

namespace gantry::scaling {

inline constexpr std::string_view kPausedAnnotation = "autoscaling.keda.sh/paused";
inline constexpr std::string_view kPausedReplicasAnnotation = "autoscaling.keda.sh/paused-replicas";
inline constexpr std::string_view kPausedScaleInAnnotation = "autoscaling.keda.sh/paused-scale-in";
inline constexpr std::string_view kPausedScaleOutAnnotation = "autoscaling.keda.sh/paused-scale-out";
inline constexpr std::string_view kForceActivationAnnotation = "autoscaling.keda.sh/force-activation";

// Flags are on when the annotation is present with anything but a false (0, f, F, FALSE, false, False), as in KEDA.
// Fails with invalid_argument when paused-replicas is not a whole number of 0 or more. Other annotations are ignored.
Result<PauseSpec> pause_from_annotations(const std::map<std::string, std::string>& annotations);

}  // namespace gantry::scaling
