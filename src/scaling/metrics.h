// The readings of one moment laid against the spec: every metric known, unknown, or replaced by its fallback, and the
// count of failures in a row that decides between the last two. Both halves of scaling (activation.h, hpa.h) use it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scaling/explanation.h"
#include "scaling/reading.h"
#include "scaling/spec.h"

namespace gantry::scaling {

// The name under which a metric's failures are counted, unique in a ScaledObject: "s0-lag" as KEDA calls it.
std::string metric_key(size_t trigger_index, std::string_view metric_name);

struct ResolvedMetric {
  std::string key;
  std::string trigger;  // the trigger's name
  MetricSpec spec;
  std::optional<double> value;     // what counts: as read, or the fallback's; absent: unknown
  std::optional<double> measured;  // as measured; differs from value when why_counted says so; absent: unknown
  std::string why_counted;         // why value is another number than measured, the fallback included; else empty
  std::string error;               // why it could not be read; also set under fallback
  bool fallback = false;           // value is the fallback's
  bool active = false;             // as read: strictly greater than the activation threshold
  int32_t failures_in_a_row = 0;
  std::optional<int32_t> proposal;  // replicas that the HPA computed from it; absent until then, and when unknown

  bool known() const { return value.has_value(); }
  bool operator==(const ResolvedMetric&) const = default;
};

struct ResolvedMetrics {
  std::vector<ResolvedMetric> metrics;  // in the order of the spec
  std::map<std::string, int32_t> failures_in_a_row;
  std::vector<std::string> active_triggers;  // names, as read; a fallback also activates but is not named here
  bool error = false;                        // something is unknown and no fallback stands in for it
  bool fallback = false;                     // at least one fallback value is in use
  bool fallback_activates = false;           // ... and it is not an explicit zero
  std::string first_error;

  bool operator==(const ResolvedMetrics&) const = default;
};

// Counts one observation: a metric's failures grow by one when it is unknown here and start again at 0 when it is
// known. Explains each reading, each unknown and each fallback.
ResolvedMetrics resolve_metrics(const ScaledObjectSpec& spec, const std::map<std::string, int32_t>& failures_in_a_row,
                                const Observation& observation, Explanation& explanation);

}  // namespace gantry::scaling
