#include "scaling/spec.h"

#include <array>
#include <cmath>
#include <set>

namespace gantry::scaling {
namespace {

constexpr std::array kTargetTypes{std::pair{TargetType::average_value, std::string_view("AverageValue")},
                                  std::pair{TargetType::value, std::string_view("Value")}};
constexpr std::array kFallbackBehaviors{
    std::pair{FallbackBehavior::static_replicas, std::string_view("static")},
    std::pair{FallbackBehavior::current_replicas, std::string_view("currentReplicas")},
    std::pair{FallbackBehavior::current_replicas_if_higher, std::string_view("currentReplicasIfHigher")},
    std::pair{FallbackBehavior::current_replicas_if_lower, std::string_view("currentReplicasIfLower")}};
constexpr std::array kPolicyTypes{std::pair{PolicyType::pods, std::string_view("Pods")},
                                  std::pair{PolicyType::percent, std::string_view("Percent")}};
constexpr std::array kSelectPolicies{std::pair{SelectPolicy::max, std::string_view("Max")},
                                     std::pair{SelectPolicy::min, std::string_view("Min")},
                                     std::pair{SelectPolicy::disabled, std::string_view("Disabled")}};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) {
  for (const auto& [known, name] : table) {
    if (known == value) return name;
  }
  return "unknown";
}

template <class Table>
auto value_in(const Table& table, std::string_view text) -> std::optional<typename Table::value_type::first_type> {
  for (const auto& [value, name] : table) {
    if (name == text) return value;
  }
  return std::nullopt;
}

// The limits of autoscaling/v2 validation.
constexpr int32_t kStabilizationWindowMax_s = 3600;
constexpr int32_t kPolicyPeriodMax_s = 1800;
// Counts are 32-bit; a period of more than a day is a typing error, not a wish.
constexpr int64_t kPeriodMax_ms = int64_t{7} * 24 * 3600 * 1000;

Result<void> check_period(std::string_view field, int64_t value_ms, int64_t least_ms) {
  if (value_ms < least_ms || value_ms > kPeriodMax_ms) {
    return fail(Errc::invalid_argument, "{}: expected {} to {} ms, got {}", field, least_ms, kPeriodMax_ms, value_ms);
  }
  return {};
}

Result<void> check_rules(std::string_view field, const ScalingRules& rules) {
  if (rules.stabilization_window_s < 0 || rules.stabilization_window_s > kStabilizationWindowMax_s) {
    return fail(Errc::invalid_argument, "{}.stabilizationWindowSeconds: expected 0 to {}, got {}", field,
                kStabilizationWindowMax_s, rules.stabilization_window_s);
  }
  if (rules.tolerance && !(*rules.tolerance >= 0)) {
    return fail(Errc::invalid_argument, "{}.tolerance: expected 0 or more, got {}", field, *rules.tolerance);
  }
  if (rules.policies.empty()) {
    return fail(Errc::invalid_argument, "{}.policies: expected at least one policy", field);
  }
  for (size_t i = 0; i < rules.policies.size(); ++i) {
    const ScalingPolicy& policy = rules.policies[i];
    if (policy.value <= 0) {
      return fail(Errc::invalid_argument, "{}.policies[{}].value: expected above 0, got {}", field, i, policy.value);
    }
    if (policy.period_s < 1 || policy.period_s > kPolicyPeriodMax_s) {
      return fail(Errc::invalid_argument, "{}.policies[{}].periodSeconds: expected 1 to {}, got {}", field, i,
                  kPolicyPeriodMax_s, policy.period_s);
    }
  }
  return {};
}

Result<void> check_replicas(const ScaledObjectSpec& spec) {
  if (spec.min_replica_count < 0) {
    return fail(Errc::invalid_argument, "minReplicaCount: expected 0 or more, got {}", spec.min_replica_count);
  }
  if (spec.max_replica_count < 1) {
    return fail(Errc::invalid_argument, "maxReplicaCount: expected 1 or more, got {}", spec.max_replica_count);
  }
  if (spec.min_replica_count > spec.max_replica_count) {
    return fail(Errc::invalid_argument, "minReplicaCount: expected at most maxReplicaCount ({}), got {}",
                spec.max_replica_count, spec.min_replica_count);
  }
  // KEDA lets idleReplicaCount 0 stand beside an explicit minReplicaCount 0, where it changes nothing.
  if (spec.idle_replica_count &&
      (*spec.idle_replica_count < 0 || *spec.idle_replica_count >= spec.hpa_min_replicas())) {
    return fail(Errc::invalid_argument,
                "idleReplicaCount: expected 0 or more and less than minReplicaCount ({}), got {}",
                spec.min_replica_count, *spec.idle_replica_count);
  }
  if (spec.fallback && spec.fallback->failure_threshold < 0) {
    return fail(Errc::invalid_argument, "fallback.failureThreshold: expected 0 or more, got {}",
                spec.fallback->failure_threshold);
  }
  if (spec.fallback && spec.fallback->replicas < 0) {
    return fail(Errc::invalid_argument, "fallback.replicas: expected 0 or more, got {}", spec.fallback->replicas);
  }
  if (spec.pause.paused_replicas && *spec.pause.paused_replicas < 0) {
    return fail(Errc::invalid_argument, "autoscaling.keda.sh/paused-replicas: expected 0 or more, got {}",
                *spec.pause.paused_replicas);
  }
  return {};
}

}  // namespace

ScalingRules default_scale_up() {
  return {.stabilization_window_s = 0,
          .select_policy = SelectPolicy::max,
          .policies = {{PolicyType::pods, 4, 15}, {PolicyType::percent, 100, 15}}};
}

ScalingRules default_scale_down() {
  return {
      .stabilization_window_s = 300, .select_policy = SelectPolicy::max, .policies = {{PolicyType::percent, 100, 15}}};
}

Result<void> check_triggers(const std::vector<TriggerSpec>& triggers) {
  if (triggers.empty()) return fail(Errc::invalid_argument, "triggers: expected at least one trigger");
  for (size_t i = 0; i < triggers.size(); ++i) {
    const TriggerSpec& trigger = triggers[i];
    if (!std::isfinite(trigger.activation_threshold)) {
      return fail(Errc::invalid_argument, "triggers[{}]: activation threshold: expected a finite number", i);
    }
    std::set<std::string_view> names;
    for (const MetricSpec& metric : trigger.metrics) {
      if (!names.insert(metric.name).second) {
        return fail(Errc::invalid_argument, "triggers[{}]: metric {} is defined twice", i, metric.name);
      }
      if (!std::isfinite(metric.target) || metric.target < 0.001) {
        return fail(Errc::invalid_argument, "triggers[{}]: target of metric {}: expected 0.001 or more, got {}", i,
                    metric.name, metric.target);
      }
    }
  }
  return {};
}

Result<void> validate(const ScaledObjectSpec& spec) {
  if (auto ok = check_period("pollingInterval", spec.polling_interval_ms, 1); !ok) return ok;
  if (auto ok = check_period("cooldownPeriod", spec.cooldown_period_ms, 0); !ok) return ok;
  if (auto ok = check_period("initialCooldownPeriod", spec.initial_cooldown_period_ms, 0); !ok) return ok;
  if (auto ok = check_period("HPA sync period", spec.hpa_sync_period_ms, 1); !ok) return ok;
  if (auto ok = check_replicas(spec); !ok) return ok;
  if (!(spec.tolerance >= 0) || !std::isfinite(spec.tolerance)) {
    return fail(Errc::invalid_argument, "tolerance: expected 0 or more, got {}", spec.tolerance);
  }
  if (auto ok = check_rules("behavior.scaleUp", spec.scale_up); !ok) return ok;
  if (auto ok = check_rules("behavior.scaleDown", spec.scale_down); !ok) return ok;
  return check_triggers(spec.triggers);
}

std::string_view to_string(TargetType type) { return name_in(kTargetTypes, type); }
std::string_view to_string(FallbackBehavior behavior) { return name_in(kFallbackBehaviors, behavior); }
std::string_view to_string(PolicyType type) { return name_in(kPolicyTypes, type); }
std::string_view to_string(SelectPolicy policy) { return name_in(kSelectPolicies, policy); }

std::optional<TargetType> parse_target_type(std::string_view text) { return value_in(kTargetTypes, text); }
std::optional<FallbackBehavior> parse_fallback_behavior(std::string_view text) {
  return value_in(kFallbackBehaviors, text);
}
std::optional<PolicyType> parse_policy_type(std::string_view text) { return value_in(kPolicyTypes, text); }
std::optional<SelectPolicy> parse_select_policy(std::string_view text) { return value_in(kSelectPolicies, text); }

}  // namespace gantry::scaling
