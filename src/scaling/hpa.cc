#include "scaling/hpa.h"

#include <algorithm>
#include <optional>

#include "base/words.h"
#include "scaling/policies.h"
#include "scaling/proposal.h"
#include "scaling/stabilization.h"

namespace gantry::scaling {
namespace {

void explain_proposal(const ResolvedMetric& metric, const Proposal& proposal, const ReplicaCounts& counts,
                      Explanation& explanation) {
  if (proposal.within_tolerance) {
    explanation.say(Topic::tolerance, "{} {}: {:.3g} of the target is close enough, {} {}", metric.trigger,
                    metric.spec.name, proposal.usage_ratio, plural(proposal.replicas, "replica"),
                    proposal.replicas == 1 ? "stays" : "stay");
  } else if (metric.spec.target_type == TargetType::average_value) {
    explanation.say(Topic::proposal, "{} {}: {} / {} per replica asks for {}", metric.trigger, metric.spec.name,
                    *metric.value, metric.spec.target, plural(proposal.replicas, "replica"));
  } else {
    explanation.say(Topic::proposal, "{} {}: {} / {} times {} ready asks for {}", metric.trigger, metric.spec.name,
                    *metric.value, metric.spec.target, plural(counts.ready, "replica"),
                    plural(proposal.replicas, "replica"));
  }
}

// The largest proposal; nothing when there is none, or when it would scale down while something is unknown: the metric
// that cannot be read might be the one that needs them.
std::optional<int32_t> largest_proposal(const ScaledObjectSpec& spec, ResolvedMetrics& metrics,
                                        const ReplicaCounts& counts, Explanation& explanation) {
  const Tolerances tolerances = tolerances_of(spec);
  const ResolvedMetric* winner = nullptr;
  bool unknown = metrics.error;
  for (ResolvedMetric& metric : metrics.metrics) {
    if (!metric.known()) continue;
    const auto proposal = propose_replicas(metric.spec, *metric.value, counts, tolerances);
    if (!proposal) {
      unknown = true;
      explanation.say(Topic::unknown, "{} {}: {}", metric.trigger, metric.spec.name, proposal.error().message);
      continue;
    }
    metric.proposal = std::max(0, proposal->replicas);
    explain_proposal(metric, *proposal, counts, explanation);
    if (winner == nullptr || *metric.proposal > *winner->proposal) winner = &metric;
  }
  if (winner == nullptr) {
    explanation.say(Topic::unknown, "no metric gives a replica count: stays at {}", counts.current);
    return std::nullopt;
  }
  if (unknown && *winner->proposal < counts.current) {
    explanation.say(Topic::unknown, "{} would be enough for what is known, but not all is: no scale-down from {}",
                    *winner->proposal, counts.current);
    return std::nullopt;
  }
  if (metrics.metrics.size() > 1) {
    explanation.say(Topic::winner, "{} {} asks for the most: {}", winner->trigger, winner->spec.name,
                    plural(*winner->proposal, "replica"));
  }
  return winner->proposal;
}

// KEDA turns the one-way pauses into disabled policies of the HPA that it writes.
ScaledObjectSpec with_pauses_as_policies(const ScaledObjectSpec& spec) {
  ScaledObjectSpec effective = spec;
  if (spec.pause.scale_in_paused) effective.scale_down.select_policy = SelectPolicy::disabled;
  if (spec.pause.scale_out_paused) effective.scale_up.select_policy = SelectPolicy::disabled;
  return effective;
}

int32_t desired_by_metrics(const ScaledObjectSpec& spec, State& state, ResolvedMetrics& metrics,
                           const Observation& observation, int64_t now_ms, Explanation& explanation) {
  const ReplicaCounts counts{observation.current_replicas, observation.existing(), observation.ready()};
  const auto proposed = largest_proposal(spec, metrics, counts, explanation);
  if (!proposed) return counts.current;
  const ScaledObjectSpec effective = with_pauses_as_policies(spec);
  const int32_t stable = stabilize(effective, state.recommendations, counts.current, *proposed, now_ms, explanation);
  return limit_rate(effective, state.scale_events, counts.current, stable, now_ms, explanation);
}

}  // namespace

int32_t sync_hpa(const ScaledObjectSpec& spec, State& state, ResolvedMetrics& metrics, const Observation& observation,
                 int64_t now_ms, Explanation& explanation) {
  const int32_t current = observation.current_replicas;
  // What runs when the HPA first looks counts as recommended, so that a restart of ours is no reason to scale down.
  if (state.recommendations.empty()) state.recommendations.push_back({now_ms, current});

  int32_t desired = current;
  if (current == 0) {
    explanation.say(Topic::activation, "the HPA rests while there are 0 replicas");
  } else if (current > spec.max_replica_count) {
    desired = spec.max_replica_count;
    explanation.say(Topic::bounds, "from {} to maxReplicaCount {}", current, desired);
  } else if (current < spec.hpa_min_replicas()) {
    desired = spec.hpa_min_replicas();
    explanation.say(Topic::bounds, "from {} to minReplicaCount {}", current, desired);
  } else {
    desired = desired_by_metrics(spec, state, metrics, observation, now_ms, explanation);
  }
  if (desired != current) record_scale_event(spec, state.scale_events, current, desired, now_ms);
  return desired;
}

}  // namespace gantry::scaling
