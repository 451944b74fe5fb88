// What is read for a trigger, and what it makes of the readings: the values of its metrics and whether it is active. Pure: the same
// readings and options give the same values here and in a cluster. Rules as in KEDA's Kafka scaler.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "kube/scaled_object.h"
#include "lag/reading.h"
#include "lag/source.h"
#include "scaling/reading.h"
#include "scaling/spec.h"

namespace gantry::triggers {

// Names of the metrics that a RocketMQ trigger offers.
inline constexpr std::string_view kLagMetric = "lag";                 // messages
inline constexpr std::string_view kLagSecondsMetric = "lag-seconds";  // age of the oldest one, with lagSecondsThreshold

// The metrics of a trigger with their targets, the same for GetMetricSpec and for the autoscaler of one machine.
std::vector<scaling::MetricSpec> metric_specs(const kube::RocketmqTriggerMetadata& trigger,
                                              scaling::TargetType type = scaling::TargetType::average_value);

// One query for each topic of the trigger, in its order; the names carry the trigger's RocketMQ namespace.
std::vector<lag::LagQuery> lag_queries(const kube::RocketmqTriggerMetadata& trigger);
// None when the trigger is of a type, or names a scaler, that is not ours to read.
std::vector<lag::LagQuery> lag_queries(const kube::Trigger& trigger);

// What the trigger's options need of a reading.
lag::LagNeeds needs_of(const kube::RocketmqTriggerMetadata& trigger);

// One reading for each query, in its order. Anything that the options need and that is unknown makes the
// metric unknown, with the reason. The trigger is active all the same when what is known exceeds the activation threshold
// alone; it is inactive only when all is known.
scaling::TriggerReading trigger_value(const kube::RocketmqTriggerMetadata& trigger,
                                      const std::vector<Result<lag::LagReading>>& readings);

}  // namespace gantry::triggers
