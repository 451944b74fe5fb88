#include "scaling/stabilization.h"

#include <algorithm>

namespace gantry::scaling {
namespace {

constexpr int64_t window_ms(const ScalingRules& rules) { return int64_t{rules.stabilization_window_s} * 1000; }

}  // namespace

int32_t stabilize(const ScaledObjectSpec& spec, std::vector<Recommendation>& recommendations, int32_t current_replicas,
                  int32_t desired_replicas, int64_t now_ms, Explanation& explanation) {
  const int64_t up_cutoff_ms = now_ms - window_ms(spec.scale_up);
  const int64_t down_cutoff_ms = now_ms - window_ms(spec.scale_down);
  Recommendation lowest{now_ms, desired_replicas};
  Recommendation highest{now_ms, desired_replicas};
  for (const Recommendation& past : recommendations) {
    if (past.at_ms > up_cutoff_ms && past.replicas < lowest.replicas) lowest = past;
    // Of equal ones the newest, since it is the one that holds longest.
    if (past.at_ms > down_cutoff_ms && past.replicas >= highest.replicas && past.replicas > desired_replicas) {
      highest = past;
    }
  }
  int32_t stabilized = std::max(current_replicas, lowest.replicas);
  stabilized = std::min(stabilized, highest.replicas);

  const int64_t oldest_ms = std::min(up_cutoff_ms, down_cutoff_ms);
  std::erase_if(recommendations, [oldest_ms](const Recommendation& past) { return past.at_ms < oldest_ms; });
  if (recommendations.size() >= kRecommendationsMax) recommendations.erase(recommendations.begin());
  recommendations.push_back({now_ms, desired_replicas});

  if (stabilized > desired_replicas) {
    explanation.say(Topic::stabilization, "{} rather than {}: {} was recommended {} ago, scale-down waits for {}",
                    stabilized, desired_replicas, highest.replicas, seconds_text(now_ms - highest.at_ms),
                    seconds_text(window_ms(spec.scale_down)));
  } else if (stabilized < desired_replicas) {
    explanation.say(Topic::stabilization, "{} rather than {}: {} was recommended {} ago, scale-up waits for {}",
                    stabilized, desired_replicas, lowest.replicas, seconds_text(now_ms - lowest.at_ms),
                    seconds_text(window_ms(spec.scale_up)));
  }
  return stabilized;
}

}  // namespace gantry::scaling
