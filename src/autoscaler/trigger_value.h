// What a RocketMQ trigger makes of lag readings: the values of its metrics and whether it is active. Pure: the same
// readings and options give the same values here and in a cluster. Rules as in KEDA's Kafka scaler.
#pragma once

#include <vector>

#include "base/error.h"
#include "kube/rocketmq_trigger.h"
#include "lag/reading.h"
#include "scaling/reading.h"

namespace gantry::autoscaler {

// One reading for each topic of the trigger, in its order. Anything that the options need and that is unknown makes the
// metric unknown, with the reason.
scaling::TriggerReading trigger_value(const kube::RocketmqTriggerMetadata& trigger,
                                      const std::vector<Result<lag::LagReading>>& readings);

}  // namespace gantry::autoscaler
