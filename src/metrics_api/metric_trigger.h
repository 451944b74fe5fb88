// A metric's trigger out of its metadata, whether the configuration names the metric or an HPA's selector does.
#pragma once

#include "kube/rocketmq_trigger.h"

namespace gantry::metrics_api {

// As kube::parse_rocketmq_trigger. Without lagThreshold nothing is capped at the queues: the HPA has its own maximum, and a
// cap of ours would need the target value, which it does not tell.
std::expected<kube::RocketmqTriggerMetadata, std::vector<kube::MetadataProblem>> parse_metric_trigger(
    const std::map<std::string, std::string>& metadata);

}  // namespace gantry::metrics_api
