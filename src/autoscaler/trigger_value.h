// What is read for a trigger, and what it makes of the readings: the values of its metrics and whether it is active. Pure: the same
// readings and options give the same values here and in a cluster. Rules as in KEDA's Kafka scaler.
#pragma once

#include <vector>

#include "base/error.h"
#include "kube/scaled_object.h"
#include "lag/reading.h"
#include "lag/source.h"
#include "scaling/reading.h"

namespace gantry::autoscaler {

// One query for each topic of the trigger, in its order; none when the trigger is of a type, or names a scaler, that is not
// ours to read.
std::vector<lag::LagQuery> lag_queries(const kube::Trigger& trigger);

// One reading for each query, in its order. Anything that the options need and that is unknown makes the
// metric unknown, with the reason.
scaling::TriggerReading trigger_value(const kube::RocketmqTriggerMetadata& trigger,
                                      const std::vector<Result<lag::LagReading>>& readings);

}  // namespace gantry::autoscaler
