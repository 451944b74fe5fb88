#include "autoscaler/scaled_object_spec.h"

#include "scaling/spec.h"
#include "triggers/trigger_value.h"

namespace gantry::autoscaler {
namespace {

scaling::ScalingRules rules_of(const std::optional<kube::HpaScalingRules>& from, scaling::ScalingRules rules) {
  if (!from) return rules;
  if (from->stabilization_window_s) rules.stabilization_window_s = *from->stabilization_window_s;
  if (from->tolerance) rules.tolerance = from->tolerance->value;
  if (from->select_policy) {
    using From = kube::HpaScalingRules::SelectPolicy;
    rules.select_policy = *from->select_policy == From::min        ? scaling::SelectPolicy::min
                          : *from->select_policy == From::disabled ? scaling::SelectPolicy::disabled
                                                                   : scaling::SelectPolicy::max;
  }
  if (from->policies) {
    rules.policies.clear();
    for (const kube::HpaScalingPolicy& policy : *from->policies) {
      rules.policies.push_back({policy.type == kube::HpaScalingPolicy::Type::percent ? scaling::PolicyType::percent
                                                                                     : scaling::PolicyType::pods,
                                policy.value, policy.period_s});
    }
  }
  return rules;
}

scaling::FallbackSpec fallback_of(const kube::Fallback& from) {
  using From = kube::Fallback::Behavior;
  scaling::FallbackSpec fallback{from.failure_threshold, from.replicas, scaling::FallbackBehavior::static_replicas};
  if (from.behavior == From::current_replicas) fallback.behavior = scaling::FallbackBehavior::current_replicas;
  if (from.behavior == From::current_replicas_if_higher) {
    fallback.behavior = scaling::FallbackBehavior::current_replicas_if_higher;
  }
  if (from.behavior == From::current_replicas_if_lower) {
    fallback.behavior = scaling::FallbackBehavior::current_replicas_if_lower;
  }
  return fallback;
}

}  // namespace

scaling::TriggerSpec trigger_spec_of(const kube::Trigger& from, std::size_t index) {
  scaling::TriggerSpec trigger;
  trigger.name = from.name.empty() ? fmt::format("s{}-{}", index, from.type) : from.name;
  const auto type = from.metric_type == kube::Trigger::MetricType::value ? scaling::TargetType::value
                                                                         : scaling::TargetType::average_value;
  if (!from.rocketmq) {
    trigger.metrics.push_back({from.type, type, 1});
    return trigger;
  }
  trigger.activation_threshold = static_cast<double>(from.rocketmq->activation_lag_threshold);
  trigger.metrics = triggers::metric_specs(*from.rocketmq, type);
  return trigger;
}

Result<scaling::ScaledObjectSpec> spec_of(const kube::ScaledObject& object) {
  scaling::ScaledObjectSpec spec;
  spec.polling_interval_ms = std::int64_t{object.polling_interval_s} * 1'000;
  spec.cooldown_period_ms = std::int64_t{object.cooldown_period_s} * 1'000;
  spec.initial_cooldown_period_ms = std::int64_t{object.initial_cooldown_period_s} * 1'000;
  spec.min_replica_count = object.min_replica_count.value_or(0);
  spec.max_replica_count = object.max_replica_count;
  spec.idle_replica_count = object.idle_replica_count;
  if (object.fallback) spec.fallback = fallback_of(*object.fallback);
  if (object.gantry.hpa_sync_period_ms) spec.hpa_sync_period_ms = *object.gantry.hpa_sync_period_ms;
  spec.scale_up = rules_of(object.behavior.scale_up, spec.scale_up);
  spec.scale_down = rules_of(object.behavior.scale_down, spec.scale_down);
  spec.pause.paused = object.keda.paused;
  spec.pause.paused_replicas = object.keda.paused_replicas;
  spec.pause.scale_in_paused = object.keda.paused_scale_in;
  spec.pause.scale_out_paused = object.keda.paused_scale_out;
  spec.pause.force_activation = object.keda.force_activation;
  for (std::size_t i = 0; i < object.triggers.size(); ++i)
    spec.triggers.push_back(trigger_spec_of(object.triggers[i], i));
  if (auto valid = scaling::validate(spec); !valid) {
    return std::unexpected(in_context(
        fmt::format("{}:{}: ScaledObject {}", object.file, object.line, object.metadata.name), valid.error()));
  }
  return spec;
}

}  // namespace gantry::autoscaler
