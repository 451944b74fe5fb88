#include "scaling/fallback.h"

#include <algorithm>

namespace gantry::scaling {

int32_t fallback_replicas(const FallbackSpec& fallback, int32_t current_replicas) {
  switch (fallback.behavior) {
    case FallbackBehavior::current_replicas: return current_replicas;
    case FallbackBehavior::current_replicas_if_higher: return std::max(current_replicas, fallback.replicas);
    case FallbackBehavior::current_replicas_if_lower: return std::min(current_replicas, fallback.replicas);
    case FallbackBehavior::static_replicas: break;
  }
  return fallback.replicas;
}

bool falls_back_to_zero(const FallbackSpec& fallback) {
  return fallback.replicas == 0 && (fallback.behavior == FallbackBehavior::static_replicas ||
                                    fallback.behavior == FallbackBehavior::current_replicas_if_lower);
}

std::optional<double> fallback_value(const FallbackSpec& fallback, const MetricSpec& metric, int32_t current_replicas,
                                     int32_t ready_replicas) {
  const double replicas = fallback_replicas(fallback, current_replicas);
  if (metric.target_type == TargetType::average_value) return metric.target * replicas;
  if (ready_replicas <= 0) return std::nullopt;
  return metric.target * replicas / ready_replicas;
}

}  // namespace gantry::scaling
