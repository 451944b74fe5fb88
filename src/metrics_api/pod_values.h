// A metric of pods: the lag of the queues whose consumer connects from a pod's address. Pure. Pods whose value is not
// known are left out, for which the HPA has its own careful rule (missing pods count as idle when it scales up, and as on
// target when it scales down); a zero would be taken for a pod with nothing to do.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "kube_api/pod_watch.h"
#include "lag/held.h"
#include "metrics_api/config.h"

namespace gantry::metrics_api {

struct PodValue {
  std::string pod;
  double value = 0;
};

// In the order of `pods`. Left out: pods without a consumer, pods that share an address (host network), and pods with a
// consumer whose queues or their lag are unknown. Errors: invalid_argument (a POP group: its consumers share all queues,
// message by message), not_found (no consumer connects from one of the pods), unavailable (of none of those the lag is
// known, or messages wait in queues that no consumer holds: the average of the pods would be too small; it says why).
Result<std::vector<PodValue>> pod_values(const std::vector<kube_api::Pod>& pods, const lag::HeldLag& held, Unit unit);

}  // namespace gantry::metrics_api
