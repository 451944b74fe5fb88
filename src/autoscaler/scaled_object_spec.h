// From a ScaledObject as written in YAML to the values that scaling decides by: the one place where Kubernetes' spelling
// meets src/scaling.
#pragma once

#include "base/error.h"
#include "kube/scaled_object.h"
#include "scaling/spec.h"

namespace gantry::autoscaler {

// Fails with invalid_argument when scaling::validate refuses it. Triggers that this machine cannot read get a metric
// all the same, so that they count as unknown and block scaling down, rather than being silently left out.
Result<scaling::ScaledObjectSpec> spec_of(const kube::ScaledObject& object);

// One of its triggers, or of a ScaledJob's.
scaling::TriggerSpec trigger_spec_of(const kube::Trigger& from, std::size_t index);

}  // namespace gantry::autoscaler
