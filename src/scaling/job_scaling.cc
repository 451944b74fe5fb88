#include "scaling/job_scaling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/words.h"

namespace gantry::scaling {
namespace {

// Counts that no cluster has; above, conversions to 64 bits would not be defined.
constexpr double kCountMost = 1e15;

int64_t whole(double value) { return static_cast<int64_t>(std::ceil(std::clamp(value, -kCountMost, kCountMost))); }

// Metrics come to KEDA in thousandths, cut.
double in_thousandths(double value) { return std::trunc(std::clamp(value, -kCountMost, kCountMost) * 1000.0) / 1000.0; }

// One metric as KEDA weighs it.
struct Weight {
  std::string name;
  double queue_length = 0;
  double jobs = 0;
  bool active = false;
};

// KEDA looks for every metric of a trigger under the name of the first, and divides by the mean of all their targets:
// further metrics count for nothing but their share of that mean.
void weigh_trigger(const TriggerSpec& trigger, const std::vector<const ResolvedMetric*>& metrics, double jobs_max,
                   std::vector<Weight>& weights, Explanation& explanation) {
  double targets = 0;
  for (const MetricSpec& metric : trigger.metrics) {
    targets += metric.target_type == TargetType::average_value ? metric.target : 0;
  }
  const double target = trigger.metrics.empty() ? 0 : targets / static_cast<double>(trigger.metrics.size());
  if (trigger.metrics.size() > 1) {
    explanation.warn(Topic::proposal,
                     "{}: of several metrics KEDA counts only the first, {}, and divides it by the mean of all "
                     "targets, {:g}: one metric a trigger is clearer",
                     trigger.name, trigger.metrics.front().name, target);
  }
  bool active = false;  // from the first metric on that is
  for (const ResolvedMetric* metric : metrics) {
    if (!metric->known()) continue;
    active = active || metric->active;
    Weight weight{.name = trigger.name + " " + metric->spec.name, .active = active};
    if (metric->spec.name == trigger.metrics.front().name) weight.queue_length = in_thousandths(*metric->value);
    if (target != 0) weight.jobs = std::min(weight.queue_length / target, jobs_max);
    weights.push_back(weight);
    if (metric->spec.name != trigger.metrics.front().name) continue;
    explanation.say(Topic::proposal, "{}: {:g} / {:g} a job: {}{}", weight.name, weight.queue_length, target,
                    plural(whole(weight.jobs), "job"),
                    weight.queue_length / target > jobs_max ? fmt::format(", no more than {:g}", jobs_max) : "");
  }
}

struct Combined {
  double queue_length = 0;
  double jobs = 0;
  bool active = false;

  void take(const Weight& weight) {
    queue_length = weight.queue_length;
    jobs = weight.jobs;
    active = true;
  }
  void add(const Weight& weight) {
    queue_length += weight.queue_length;
    jobs += weight.jobs;
    active = true;
  }
};

// Only active ones count. Of max and min the queue's length decides, not the number of jobs.
Combined combine(const std::vector<Weight>& weights, MultipleScalers calculation) {
  Combined all;
  int64_t count = 0;
  for (const Weight& weight : weights) {
    if (!weight.active) continue;
    ++count;
    switch (calculation) {
      case MultipleScalers::max:
        if (weight.queue_length > all.queue_length) all.take(weight);
        break;
      case MultipleScalers::min:
        if (all.queue_length == 0 || weight.queue_length < all.queue_length) all.take(weight);
        break;
      case MultipleScalers::avg:
      case MultipleScalers::sum: all.add(weight); break;
    }
  }
  if (calculation == MultipleScalers::avg && count > 0) {
    all.queue_length /= static_cast<double>(count);
    all.jobs /= static_cast<double>(count);
  }
  return all;
}

void explain_strategy(const ScaledJobSpec& spec, const JobScale& scale, int64_t wanted, int64_t running,
                      int64_t pending, Explanation& explanation) {
  const int64_t max = spec.jobs_max_above_min();
  if (spec.strategy == JobStrategy::custom && !spec.custom_running_job_percentage) {
    explanation.warn(Topic::policy,
                     "strategy custom counts as default: customScalingRunningJobPercentage is no number");
  }
  switch (spec.strategy) {
    case JobStrategy::eager:
      explanation.say(Topic::policy, "strategy eager: {} rather than {}: {} of {} jobs are free", scale.limit, wanted,
                      max - running - pending, max);
      return;
    case JobStrategy::accurate:
      if (wanted + running - pending > max) {
        explanation.say(Topic::bounds, "strategy accurate: {} rather than {}: {} of {} jobs run", scale.limit, wanted,
                        running, max);
      } else {
        explanation.say(Topic::policy, "strategy accurate: {} wanted - {} pending = {}", wanted, pending, scale.limit);
      }
      return;
    case JobStrategy::custom:
      if (spec.custom_running_job_percentage) {
        explanation.say(Topic::policy, "strategy custom: {} wanted - {} - {} running x {:g} = {}, at most {}", wanted,
                        spec.custom_queue_length_deduction, running, *spec.custom_running_job_percentage, scale.limit,
                        max);
        return;
      }
      [[fallthrough]];
    case JobStrategy::default_:
      explanation.say(Topic::policy, "strategy default: {} wanted - {} running = {}", wanted, running, scale.limit);
      return;
  }
}

JobScale scale_of(const ScaledJobSpec& spec, const JobDecision& decision, const JobCounts& counts,
                  Explanation& explanation) {
  const int64_t min = spec.jobs_min();
  if (counts.running < min) {
    const int64_t missing = min - counts.running;
    explanation.say(Topic::bounds, "{} of minReplicaCount {} run: {} first, whatever waits", counts.running, min,
                    missing);
    return {.limit = missing, .asked = missing};
  }
  const int64_t running = counts.running - min;
  const JobScale scale = scale_by_strategy(spec, decision.wanted, running, counts.pending, spec.jobs_max_above_min(),
                                           decision.queue_length);
  explain_strategy(spec, scale, decision.wanted, running, counts.pending, explanation);
  return scale;
}

}  // namespace

JobScale scale_by_strategy(const ScaledJobSpec& spec, int64_t wanted, int64_t running, int64_t pending,
                           int64_t jobs_max, int64_t queue_length) {
  switch (spec.strategy) {
    case JobStrategy::custom:
      if (spec.custom_running_job_percentage) {
        const auto deducted = static_cast<int64_t>(
            std::clamp(static_cast<double>(running) * *spec.custom_running_job_percentage, -kCountMost, kCountMost));
        return {std::min(wanted - spec.custom_queue_length_deduction - deducted, jobs_max), queue_length};
      }
      break;
    case JobStrategy::accurate:
      if (wanted + running - pending > jobs_max) return {jobs_max - running, queue_length};
      return {wanted - pending, queue_length};
    case JobStrategy::eager: return {std::min(jobs_max - running - pending, wanted), jobs_max};
    case JobStrategy::default_: break;
  }
  return {wanted - running, queue_length};
}

JobDecision decide_jobs(const ScaledJobSpec& spec, const std::vector<TriggerReading>& readings,
                        const JobCounts& counts) {
  JobDecision decision;
  Explanation& explanation = decision.explanation;
  if (spec.paused) {
    explanation.say(Topic::paused, "paused by annotation: no job is created, those that run go on");
    return decision;
  }
  ScaledObjectSpec triggers;  // ScaledJobs have neither fallback nor memory of failures
  triggers.triggers = spec.triggers;
  Observation observation;
  observation.triggers = readings;
  ResolvedMetrics resolved = resolve_metrics(triggers, {}, observation, explanation);
  decision.error = resolved.error;
  decision.metrics = std::move(resolved.metrics);

  std::vector<Weight> weights;
  auto metric = decision.metrics.begin();
  for (const TriggerSpec& trigger : spec.triggers) {
    std::vector<const ResolvedMetric*> metrics;
    for (size_t i = 0; i < trigger.metrics.size(); ++i) metrics.push_back(&*metric++);
    weigh_trigger(trigger, metrics, static_cast<double>(spec.jobs_max_above_min()), weights, explanation);
  }
  const Combined all = combine(weights, spec.multiple_scalers);
  decision.active = all.active || spec.jobs_min() > 0;
  decision.queue_length = whole(all.queue_length);
  decision.wanted = whole(std::min(all.jobs, static_cast<double>(spec.jobs_max_above_min())));
  if (weights.size() > 1) {
    explanation.say(Topic::winner, "{} of the active triggers: {} wait, {} wanted", to_string(spec.multiple_scalers),
                    decision.queue_length, plural(decision.wanted, "job"));
  }
  if (!decision.active) {
    explanation.say(Topic::activation, "no trigger is active: no job is created, {} running", counts.running);
    return decision;
  }
  const JobScale scale = scale_of(spec, decision, counts, explanation);
  decision.create = std::max<int64_t>(0, std::min(scale.asked, scale.limit));
  if (scale.asked < scale.limit) {
    explanation.say(Topic::bounds, "{} rather than {}: no more jobs than messages", decision.create, scale.limit);
  }
  explanation.say(Topic::decision, "{} created, {} running before", plural(decision.create, "job"), counts.running);
  return decision;
}

std::vector<size_t> beyond_history(const std::vector<int64_t>& ended_at_ms, int32_t history_limit) {
  std::vector<size_t> order(ended_at_ms.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return ended_at_ms[i]; });
  const auto kept = static_cast<size_t>(std::max(0, history_limit));
  order.resize(order.size() - std::min(order.size(), kept));
  return order;
}

}  // namespace gantry::scaling
