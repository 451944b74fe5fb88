// A ScaledObject (keda.sh/v1alpha1, as of KEDA 2.21) with the HPA behaviour inside it (autoscaling/v2), validated by
// the rules of KEDA's CRD and admission webhook.
#pragma once

#include "kube/gantry_annotations.h"
#include "kube/metadata.h"
#include "kube/quantity.h"
#include "kube/trigger.h"

namespace gantry::kube {

struct HpaScalingPolicy {
  enum class Type { pods, percent };
  Type type = Type::pods;
  std::int32_t value = 0;     // at least 1
  std::int32_t period_s = 0;  // 1 to 1800
};

struct HpaScalingRules {
  enum class SelectPolicy { max, min, disabled };
  std::optional<std::int32_t> stabilization_window_s;  // 0 to 3600
  std::optional<SelectPolicy> select_policy;
  std::optional<std::vector<HpaScalingPolicy>> policies;
  std::optional<Quantity> tolerance;  // 0.1 is ten percent
};

struct HpaBehavior {
  std::optional<HpaScalingRules> scale_up;
  std::optional<HpaScalingRules> scale_down;
};

struct Fallback {
  enum class Behavior { fixed, current_replicas, current_replicas_if_higher, current_replicas_if_lower };
  std::int32_t failure_threshold = 0;
  std::int32_t replicas = 0;
  Behavior behavior = Behavior::fixed;  // "static"
};

struct ScaleTargetRef {
  std::string name;
  std::string api_version = "apps/v1";
  std::string kind = "Deployment";
  std::string env_source_container_name;
};

// KEDA's annotations that steer scaling.
struct KedaAnnotations {
  std::optional<std::int32_t> paused_replicas;
  bool paused = false;
  bool paused_scale_in = false;
  bool paused_scale_out = false;
  bool force_activation = false;
};

struct ScaledObject {
  ObjectMeta metadata;
  int line = 0;
  std::string file;

  ScaleTargetRef scale_target_ref;
  std::int32_t polling_interval_s = 30;
  std::int32_t cooldown_period_s = 300;
  std::int32_t initial_cooldown_period_s = 0;
  std::optional<std::int32_t> idle_replica_count;
  std::optional<std::int32_t> min_replica_count;  // absent: 0
  std::int32_t max_replica_count = 100;
  std::optional<Fallback> fallback;
  bool restore_to_original_replica_count = false;
  std::string hpa_name;  // empty: keda-hpa-NAME
  HpaBehavior behavior;
  std::vector<Trigger> triggers;  // at least one

  KedaAnnotations keda;
  GantryAnnotations gantry;
};

const Schema<ScaledObject>& scaled_object_schema();

}  // namespace gantry::kube
