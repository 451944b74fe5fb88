#include "metrics_api/metric_trigger.h"

namespace gantry::metrics_api {

std::expected<kube::RocketmqTriggerMetadata, std::vector<kube::MetadataProblem>> parse_metric_trigger(
    const std::map<std::string, std::string>& metadata) {
  auto trigger = kube::parse_rocketmq_trigger(metadata);
  if (trigger && !metadata.contains("lagThreshold") && !trigger->limit_to_queues_with_lag)
    trigger->allow_idle_consumers = true;
  return trigger;
}

}  // namespace gantry::metrics_api
