// What was seen at one moment: the triggers' metrics and the replicas. A metric that could not be read is an error with
// its text, never a zero: unknown may raise replicas by a fallback, but does not lower them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::scaling {

// One metric of a trigger: the total over all replicas, or why it is unknown. A number that is not finite is unknown.
struct MetricReading {
  std::string name;
  std::expected<double, std::string> value;  // what counts
  // What was measured, when the scaler counts another number, and why it does: "8 queues x 50 (...)".
  std::optional<double> measured;
  std::string why_counted;
  std::string why_short{};  // the same in a few words beside the number: "capped from 1,000"

  bool operator==(const MetricReading&) const = default;
};

// One trigger, at the index that it has in ScaledObjectSpec::triggers.
struct TriggerReading {
  std::vector<MetricReading> metrics;
  std::optional<bool> active;  // the scaler's own answer (IsActive); absent: derived from the activation threshold
  std::optional<std::string> error;  // the trigger as a whole could not be read: every metric of it is unknown

  const MetricReading* find(std::string_view name) const {
    const auto found = std::ranges::find(metrics, name, &MetricReading::name);
    return found == metrics.end() ? nullptr : &*found;
  }

  bool operator==(const TriggerReading&) const = default;
};

// A trigger or metric of the spec that is missing here is unknown; one that the spec does not have is ignored.
struct Observation {
  std::vector<TriggerReading> triggers;
  int32_t current_replicas = 0;            // what the target was last asked to be (scale.spec.replicas)
  std::optional<int32_t> status_replicas;  // replicas that exist (scale.status.replicas); absent: current_replicas
  std::optional<int32_t> ready_replicas;   // of these, running and ready; absent: status_replicas

  bool operator==(const Observation&) const = default;

  int32_t existing() const { return status_replicas.value_or(current_replicas); }
  int32_t ready() const { return ready_replicas.value_or(existing()); }
};

}  // namespace gantry::scaling
