// From a ScaledJob as written in YAML to the values that scaling decides by, as scaled_object_spec.h does it for
// ScaledObjects.
#pragma once

#include "base/error.h"
#include "kube/scaled_job.h"
#include "scaling/scaled_job_spec.h"

namespace gantry::autoscaler {

// Fails with invalid_argument when scaling::validate refuses it.
Result<scaling::ScaledJobSpec> spec_of(const kube::ScaledJob& object);

}  // namespace gantry::autoscaler
