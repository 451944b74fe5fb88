// From one external metric to replicas, as the HPA's replica calculator does it: in thousandths, with a tolerance
// around the target within which nothing changes.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "scaling/spec.h"

namespace gantry::scaling {

// The ratio of usage to target that is close enough to 1 to change nothing.
struct Tolerances {
  double scale_down = 0.1;
  double scale_up = 0.1;

  bool contains(double usage_ratio) const { return 1.0 - scale_down <= usage_ratio && usage_ratio <= 1.0 + scale_up; }
};

Tolerances tolerances_of(const ScaledObjectSpec& spec);

struct ReplicaCounts {
  int32_t current = 0;   // asked for
  int32_t existing = 0;  // there
  int32_t ready = 0;     // running and ready
};

struct Proposal {
  int32_t replicas = 0;    // not yet within any bound; below 0 only for a negative value
  double usage_ratio = 0;  // 1 is exactly on target; infinite when there is usage and no replica
  bool within_tolerance = false;
};

// An error (Errc::unavailable) for a Value target while no replica exists: there is nothing to take the ratio of.
Result<Proposal> propose_replicas(const MetricSpec& metric, double value, const ReplicaCounts& counts,
                                  const Tolerances& tolerances);

}  // namespace gantry::scaling
