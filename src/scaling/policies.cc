#include "scaling/policies.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace gantry::scaling {
namespace {

constexpr int64_t kCountMax = std::numeric_limits<int32_t>::max();

int32_t to_count(int64_t replicas) { return static_cast<int32_t>(std::clamp<int64_t>(replicas, 0, kCountMax)); }

// How many there were when the period began: the HPA's changes since then taken back.
int64_t replicas_at_start(const std::vector<ScaleEvent>& events, int32_t current_replicas, int32_t period_s,
                          int64_t now_ms) {
  const int64_t cutoff_ms = now_ms - int64_t{period_s} * 1000;
  int64_t replicas = current_replicas;
  for (const ScaleEvent& event : events) {
    if (event.at_ms > cutoff_ms) replicas -= event.change;
  }
  return replicas;
}

// Rounded up, or a few replicas could never grow by a few percent.
int64_t most_allowed(const ScalingPolicy& policy, int64_t start) {
  if (policy.type == PolicyType::pods) return start + policy.value;
  return static_cast<int64_t>(std::ceil(static_cast<double>(start) * (1 + policy.value / 100.0)));
}

int64_t least_allowed(const ScalingPolicy& policy, int64_t start) {
  if (policy.type == PolicyType::pods) return start - policy.value;
  return static_cast<int64_t>(static_cast<double>(start) * (1 - policy.value / 100.0));
}

std::string rules_text(const ScalingRules& rules) {
  if (rules.select_policy == SelectPolicy::disabled) return "Disabled";
  std::string text;
  for (const ScalingPolicy& policy : rules.policies) {
    text += fmt::format("{}{}{} per {} s", text.empty() ? "" : " or ", policy.value,
                        policy.type == PolicyType::pods ? " pods" : " %", policy.period_s);
  }
  if (rules.policies.size() > 1) text += rules.select_policy == SelectPolicy::min ? ", the lesser" : ", the greater";
  return text;
}

int64_t longest_period_ms(const ScaledObjectSpec& spec) {
  int64_t longest_s = 0;
  for (const ScalingRules* rules : {&spec.scale_up, &spec.scale_down}) {
    for (const ScalingPolicy& policy : rules->policies) longest_s = std::max<int64_t>(longest_s, policy.period_s);
  }
  return longest_s * 1000;
}

}  // namespace

int32_t scale_up_limit(const ScalingRules& rules, const std::vector<ScaleEvent>& events, int32_t current_replicas,
                       int64_t now_ms) {
  if (rules.select_policy == SelectPolicy::disabled || rules.policies.empty()) return current_replicas;
  const bool least_change = rules.select_policy == SelectPolicy::min;
  int64_t limit = least_change ? kCountMax : 0;
  for (const ScalingPolicy& policy : rules.policies) {
    const int64_t allowed = most_allowed(policy, replicas_at_start(events, current_replicas, policy.period_s, now_ms));
    limit = least_change ? std::min(limit, allowed) : std::max(limit, allowed);
  }
  return std::max(current_replicas, to_count(limit));
}

int32_t scale_down_limit(const ScalingRules& rules, const std::vector<ScaleEvent>& events, int32_t current_replicas,
                         int64_t now_ms) {
  if (rules.select_policy == SelectPolicy::disabled || rules.policies.empty()) return current_replicas;
  const bool least_change = rules.select_policy == SelectPolicy::min;
  int64_t limit = least_change ? 0 : kCountMax;
  for (const ScalingPolicy& policy : rules.policies) {
    const int64_t allowed = least_allowed(policy, replicas_at_start(events, current_replicas, policy.period_s, now_ms));
    limit = least_change ? std::max(limit, allowed) : std::min(limit, allowed);
  }
  return std::min(current_replicas, to_count(limit));
}

int32_t limit_rate(const ScaledObjectSpec& spec, const std::vector<ScaleEvent>& events, int32_t current_replicas,
                   int32_t desired_replicas, int64_t now_ms, Explanation& explanation) {
  if (desired_replicas > current_replicas) {
    const int32_t limit = scale_up_limit(spec.scale_up, events, current_replicas, now_ms);
    if (desired_replicas > limit && limit < spec.max_replica_count) {
      explanation.say(Topic::policy, "{} rather than {}: scale-up is limited ({})", limit, desired_replicas,
                      rules_text(spec.scale_up));
      return limit;
    }
    if (desired_replicas > spec.max_replica_count) {
      explanation.say(Topic::bounds, "{} rather than {}: maxReplicaCount", spec.max_replica_count, desired_replicas);
      return spec.max_replica_count;
    }
  } else if (desired_replicas < current_replicas) {
    const int32_t limit = scale_down_limit(spec.scale_down, events, current_replicas, now_ms);
    const int32_t least = spec.hpa_min_replicas();
    if (desired_replicas < limit && limit > least) {
      explanation.say(Topic::policy, "{} rather than {}: scale-down is limited ({})", limit, desired_replicas,
                      rules_text(spec.scale_down));
      return limit;
    }
    if (desired_replicas < least) {
      explanation.say(Topic::bounds, "{} rather than {}: {}", least, desired_replicas,
                      spec.min_replica_count > 0 ? "minReplicaCount" : "the last replica goes after the cooldown");
      return least;
    }
  }
  return desired_replicas;
}

void record_scale_event(const ScaledObjectSpec& spec, std::vector<ScaleEvent>& events, int32_t from_replicas,
                        int32_t to_replicas, int64_t now_ms) {
  const int64_t cutoff_ms = now_ms - longest_period_ms(spec);
  std::erase_if(events, [cutoff_ms](const ScaleEvent& event) { return event.at_ms <= cutoff_ms; });
  if (events.size() >= kScaleEventsMax) events.erase(events.begin());
  events.push_back({now_ms, to_replicas - from_replicas});
}

}  // namespace gantry::scaling
