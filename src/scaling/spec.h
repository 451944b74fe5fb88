// What a user asks of scaling, as plain values: the part of a KEDA ScaledObject (and of the HorizontalPodAutoscaler
// that KEDA makes of it) that decides a replica count. Nothing here knows YAML; src/autoscaler maps Kubernetes objects
// to it. Field names and defaults are KEDA's ScaledObjectSpec (keda.sh/v1alpha1) and Kubernetes' autoscaling/v2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gantry::scaling {

// How a metric becomes replicas. average_value: ceil(total / target). value: current ready replicas * total / target.
enum class TargetType { average_value, value };

// One metric of a trigger. name is unique within its trigger; target is above 0 (the HPA counts in thousandths).
struct MetricSpec {
  std::string name;
  TargetType target_type = TargetType::average_value;
  double target = 0;

  bool operator==(const MetricSpec&) const = default;
};

// One entry of spec.triggers. A scaler may offer several metrics. The trigger is active when a metric is strictly
// greater than activation_threshold, unless its reading says itself whether it is active (external scalers do).
struct TriggerSpec {
  std::string name;
  double activation_threshold = 0;
  std::vector<MetricSpec> metrics;

  bool operator==(const TriggerSpec&) const = default;
};

// fallback.behavior; the names in YAML are static, currentReplicas, currentReplicasIfHigher, currentReplicasIfLower.
enum class FallbackBehavior {
  static_replicas,
  current_replicas,
  current_replicas_if_higher,
  current_replicas_if_lower
};

// spec.fallback: what an unreadable metric counts as, after *more than* failure_threshold failures in a row.
struct FallbackSpec {
  int32_t failure_threshold = 0;
  int32_t replicas = 0;
  FallbackBehavior behavior = FallbackBehavior::static_replicas;

  bool operator==(const FallbackSpec&) const = default;
};

// The annotations that hold scaling (see pause.h for their names and values).
struct PauseSpec {
  bool paused = false;                     // autoscaling.keda.sh/paused
  std::optional<int32_t> paused_replicas;  // autoscaling.keda.sh/paused-replicas: pins this count, and pauses
  bool scale_in_paused = false;            // autoscaling.keda.sh/paused-scale-in
  bool scale_out_paused = false;           // autoscaling.keda.sh/paused-scale-out
  bool force_activation = false;           // autoscaling.keda.sh/force-activation

  bool operator==(const PauseSpec&) const = default;
};

enum class PolicyType { pods, percent };

// A limit on the change within any period: at most value pods, or value percent of the count at the period's start.
struct ScalingPolicy {
  PolicyType type = PolicyType::pods;
  int32_t value = 1;      // above 0
  int32_t period_s = 15;  // 1..1800

  bool operator==(const ScalingPolicy&) const = default;
};

// Which policy counts when several apply. max: the one that allows the largest change.
enum class SelectPolicy { max, min, disabled };

// behavior.scaleUp or behavior.scaleDown.
struct ScalingRules {
  int32_t stabilization_window_s = 0;  // 0..3600
  SelectPolicy select_policy = SelectPolicy::max;
  std::vector<ScalingPolicy> policies;
  std::optional<double> tolerance;  // of this direction; the spec's tolerance when absent

  bool operator==(const ScalingRules&) const = default;
};

// The defaults that Kubernetes documents: up by 4 pods or 100 % per 15 s, whichever is more, at once; down by up to
// 100 % per 15 s after 300 s in which nothing higher was recommended.
ScalingRules default_scale_up();
ScalingRules default_scale_down();

// The scaling part of one ScaledObject. Its four periods are in milliseconds, so that a show or a test can shorten them
// below the API's whole seconds.
struct ScaledObjectSpec {
  int64_t polling_interval_ms = 30'000;
  int64_t cooldown_period_ms = 300'000;
  int64_t initial_cooldown_period_ms = 0;
  int64_t hpa_sync_period_ms = 15'000;  // --horizontal-pod-autoscaler-sync-period of kube-controller-manager
  int32_t min_replica_count = 0;
  int32_t max_replica_count = 100;
  std::optional<int32_t> idle_replica_count;
  std::optional<FallbackSpec> fallback;
  PauseSpec pause;
  double tolerance = 0.1;  // --horizontal-pod-autoscaler-tolerance
  ScalingRules scale_up = default_scale_up();
  ScalingRules scale_down = default_scale_down();
  std::vector<TriggerSpec> triggers;

  bool operator==(const ScaledObjectSpec&) const = default;

  // The HPA never goes below one replica: to and from zero is KEDA's part.
  int32_t hpa_min_replicas() const { return min_replica_count > 0 ? min_replica_count : 1; }
};

// Refuses what the API server and KEDA's admission webhook refuse; the message names the field as YAML spells it.
// step() expects a spec that passed here; with another it stays in bounds but means nothing.
Result<void> validate(const ScaledObjectSpec& spec);
// Its part about triggers, which ScaledJobs share.
Result<void> check_triggers(const std::vector<TriggerSpec>& triggers);

std::string_view to_string(TargetType type);
std::string_view to_string(FallbackBehavior behavior);
std::string_view to_string(PolicyType type);
std::string_view to_string(SelectPolicy policy);

// The inverse, of YAML's exact spelling; nothing for any other text.
std::optional<TargetType> parse_target_type(std::string_view text);
std::optional<FallbackBehavior> parse_fallback_behavior(std::string_view text);
std::optional<PolicyType> parse_policy_type(std::string_view text);
std::optional<SelectPolicy> parse_select_policy(std::string_view text);

}  // namespace gantry::scaling
