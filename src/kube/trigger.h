// One entry of spec.triggers of a ScaledObject or ScaledJob (keda.sh/v1alpha1).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kube/rocketmq_trigger.h"
#include "kube/schema.h"

namespace gantry::kube {

struct AuthenticationRef {
  std::string name;
  std::string kind = "TriggerAuthentication";  // or ClusterTriggerAuthentication
};

struct Trigger {
  enum class MetricType { average_value, value, utilization };
  std::string type;  // "external", "external-push", ...
  std::string name;
  bool use_cached_metrics = false;
  StringMap metadata;
  std::optional<AuthenticationRef> authentication_ref;
  std::optional<MetricType> metric_type;  // absent: AverageValue
  int line = 0;
  // Present for external and external-push triggers whose scalerAddress is our scaler: the ones that run in-process.
  std::optional<RocketmqTriggerMetadata> rocketmq;
};

const Schema<Trigger>& trigger_schema();

// KEDA's ValidateTriggers: names are unique. `triggers` are those of spec.triggers.
void check_trigger_names(Reading& reading, const std::vector<Trigger>& triggers);

// Go's strconv.ParseBool of the annotation autoscaling.keda.sh/KEY; KEDA takes anything else for true.
bool keda_annotation_flag(const StringMap& annotations, const std::string& key);

}  // namespace gantry::kube
