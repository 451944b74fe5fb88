#include "scaling/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/words.h"
#include "scaling/fallback.h"

namespace gantry::scaling {
namespace {

std::expected<MetricReading, std::string> reading_of(const TriggerReading* trigger, const std::string& metric_name) {
  if (trigger == nullptr) return std::unexpected("the trigger was not read");
  if (trigger->error) return std::unexpected(*trigger->error);
  for (const MetricReading& reading : trigger->metrics) {
    if (reading.name != metric_name) continue;
    if (!reading.value) return std::unexpected(reading.value.error());
    if (!std::isfinite(*reading.value)) return std::unexpected("the value is not a finite number");
    return reading;
  }
  return std::unexpected("the metric is missing from the reading");
}

void explain_known(const ResolvedMetric& metric, const TriggerSpec& trigger, std::optional<bool> says_active,
                   Explanation& explanation) {
  const char* per = metric.spec.target_type == TargetType::average_value ? " per replica" : "";
  const char* active = metric.active ? "active" : "not active";
  const std::string counted = metric.why_counted.empty()
                                  ? std::string()
                                  : fmt::format(", counted as {}: {}", *metric.value, metric.why_counted);
  if (says_active) {
    explanation.say(Topic::reading, "{} {} is {}{}, target {}{}; the scaler says {}", trigger.name, metric.spec.name,
                    *metric.measured, counted, metric.spec.target, per, active);
  } else {
    explanation.say(Topic::reading, "{} {} is {}{}, target {}{}; activates above {}: {}", trigger.name,
                    metric.spec.name, *metric.measured, counted, metric.spec.target, per, trigger.activation_threshold,
                    active);
  }
}

// Decides between "unknown" and "counts as the fallback" for a metric that could not be read.
void resolve_unknown(const ScaledObjectSpec& spec, const Observation& observation, ResolvedMetric& metric,
                     ResolvedMetrics& all, Explanation& explanation) {
  if (all.first_error.empty()) all.first_error = metric.error;
  const std::string who = fmt::format("{} {} is unknown ({})", metric.trigger, metric.spec.name, metric.error);
  const std::string failures = plural(metric.failures_in_a_row, "failure") + " in a row";
  if (!spec.fallback) {
    explanation.say(Topic::unknown, "{}; {}, no fallback is configured", who, failures);
    all.error = true;
    return;
  }
  const FallbackSpec& fallback = *spec.fallback;
  if (metric.failures_in_a_row <= fallback.failure_threshold) {
    explanation.say(Topic::unknown, "{}; {}, the fallback starts after more than {}", who, failures,
                    fallback.failure_threshold);
    all.error = true;
    return;
  }
  metric.value = fallback_value(fallback, metric.spec, observation.current_replicas, observation.ready());
  if (!metric.value) {
    explanation.say(Topic::unknown, "{}; no fallback for a Value target while no replica is ready", who);
    all.error = true;
    return;
  }
  metric.fallback = true;
  metric.why_counted =
      fmt::format("the fallback, {}", plural(fallback_replicas(fallback, observation.current_replicas), "replica"));
  all.fallback = true;
  if (!falls_back_to_zero(fallback)) all.fallback_activates = true;
  explanation.say(Topic::fallback, "{}; {}, more than {}: counts as {} ({})", who, failures, fallback.failure_threshold,
                  plural(fallback_replicas(fallback, observation.current_replicas), "replica"),
                  to_string(fallback.behavior));
}

}  // namespace

std::string metric_key(size_t trigger_index, std::string_view metric_name) {
  return fmt::format("s{}-{}", trigger_index, metric_name);
}

ResolvedMetrics resolve_metrics(const ScaledObjectSpec& spec, const std::map<std::string, int32_t>& failures_in_a_row,
                                const Observation& observation, Explanation& explanation) {
  ResolvedMetrics all;
  for (size_t i = 0; i < spec.triggers.size(); ++i) {
    const TriggerSpec& trigger = spec.triggers[i];
    const TriggerReading* reading = i < observation.triggers.size() ? &observation.triggers[i] : nullptr;
    const std::optional<bool> says_active =
        reading != nullptr && !reading->error ? reading->active : std::optional<bool>{};
    bool trigger_active = says_active.value_or(false);
    for (const MetricSpec& metric_spec : trigger.metrics) {
      ResolvedMetric metric{.key = metric_key(i, metric_spec.name), .trigger = trigger.name, .spec = metric_spec};
      if (const auto read = reading_of(reading, metric_spec.name)) {
        metric.value = *read->value;
        metric.measured = read->measured.value_or(*read->value);
        metric.why_counted = read->why_counted;
        metric.active = says_active.value_or(*metric.measured > trigger.activation_threshold);
        trigger_active |= metric.active;
        explain_known(metric, trigger, says_active, explanation);
      } else {
        metric.error = read.error();
        const auto before = failures_in_a_row.find(metric.key);
        const int32_t failures = before == failures_in_a_row.end() ? 0 : before->second;
        metric.failures_in_a_row = failures == std::numeric_limits<int32_t>::max() ? failures : failures + 1;
        resolve_unknown(spec, observation, metric, all, explanation);
      }
      all.failures_in_a_row[metric.key] = metric.failures_in_a_row;
      all.metrics.push_back(std::move(metric));
    }
    // A trigger that could not even name its metrics has nothing that a fallback could stand in for.
    if (trigger.metrics.empty()) {
      all.error = true;
      const std::string why = reading != nullptr && reading->error ? *reading->error : "the trigger offers no metric";
      if (all.first_error.empty()) all.first_error = why;
      explanation.say(Topic::unknown, "{} is unknown ({})", trigger.name, why);
    }
    if (trigger_active) all.active_triggers.push_back(trigger.name);
  }
  return all;
}

}  // namespace gantry::scaling
