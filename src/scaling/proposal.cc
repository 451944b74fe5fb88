#include "scaling/proposal.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gantry::scaling {
namespace {

// KEDA hands values over as whole thousandths, cut; a target in YAML is exact, so it is rounded back to what was
// written.
double to_milli(double value) {
  constexpr double kMost = 9.2e18;  // about the largest 64-bit integer, where quantities end
  return std::clamp(std::trunc(value * 1000.0), -kMost, kMost);
}

// The ceiling as a 32-bit count. Not-a-number (0 usage over 0 replicas) comes only from a zero usage.
int32_t ceil_to_count(double replicas) {
  if (std::isnan(replicas)) return 0;
  constexpr double kMost = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(std::clamp(std::ceil(replicas), -kMost, kMost));
}

}  // namespace

Tolerances tolerances_of(const ScaledObjectSpec& spec) {
  return {.scale_down = spec.scale_down.tolerance.value_or(spec.tolerance),
          .scale_up = spec.scale_up.tolerance.value_or(spec.tolerance)};
}

Result<Proposal> propose_replicas(const MetricSpec& metric, double value, const ReplicaCounts& counts,
                                  const Tolerances& tolerances) {
  const double usage = to_milli(value);
  const double target = std::max(1.0, std::round(metric.target * 1000.0));
  Proposal proposal;
  if (metric.target_type == TargetType::average_value) {
    proposal.usage_ratio = usage / (target * counts.existing);
    proposal.within_tolerance = tolerances.contains(proposal.usage_ratio);
    proposal.replicas = proposal.within_tolerance ? counts.existing : ceil_to_count(usage / target);
    return proposal;
  }
  proposal.usage_ratio = usage / target;
  if (counts.current == 0) {
    proposal.replicas = ceil_to_count(proposal.usage_ratio);
    return proposal;
  }
  proposal.within_tolerance = tolerances.contains(proposal.usage_ratio);
  if (proposal.within_tolerance) {
    proposal.replicas = counts.current;
    return proposal;
  }
  if (counts.existing == 0) return fail(Errc::unavailable, "no replica exists yet to take the ratio of");
  proposal.replicas = ceil_to_count(proposal.usage_ratio * counts.ready);
  return proposal;
}

}  // namespace gantry::scaling
