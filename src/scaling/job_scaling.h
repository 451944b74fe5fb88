// How many jobs to create now: KEDA's scale loop of a ScaledJob, one function without clock or state. What KEDA counts
// strangely is counted the same way here, because the same YAML must mean the same on one machine and in a cluster;
// the explanation says so where it happens.
// Source of the rules: KEDA 2.21, pkg/scaling/scaledjob/metrics.go and pkg/scaling/executor/scale_jobs.go.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scaling/explanation.h"
#include "scaling/metrics.h"
#include "scaling/reading.h"
#include "scaling/scaled_job_spec.h"

namespace gantry::scaling {

struct JobCounts {
  int64_t running = 0;  // not finished, the pending ones included
  int64_t pending = 0;  // of these: no pod of theirs runs or has succeeded

  bool operator==(const JobCounts&) const = default;
};

struct JobDecision {
  bool active = false;       // a trigger is, or minReplicaCount is above 0
  bool error = false;        // a metric is unknown: it is left out, which never creates jobs
  int64_t queue_length = 0;  // what waits, by the triggers that count
  int64_t wanted = 0;        // jobs for it, within maxReplicaCount
  int64_t create = 0;        // jobs to create now
  std::vector<ResolvedMetric> metrics;
  Explanation explanation;

  bool operator==(const JobDecision&) const = default;
};

// readings: by the index of their trigger in the spec, which passed validate().
JobDecision decide_jobs(const ScaledJobSpec& spec, const std::vector<TriggerReading>& readings,
                        const JobCounts& counts);

// The strategy alone. The most that may be created (negative: too many run already), and what is asked for.
struct JobScale {
  int64_t limit = 0;
  int64_t asked = 0;

  bool operator==(const JobScale&) const = default;
};
// running: besides minReplicaCount. jobs_max: as ScaledJobSpec::jobs_max_above_min().
JobScale scale_by_strategy(const ScaledJobSpec& spec, int64_t wanted, int64_t running, int64_t pending,
                           int64_t jobs_max, int64_t queue_length);

// Of finished jobs, by the time of their end, those beyond the history limit: the oldest. Indices into `ended_at_ms`.
std::vector<size_t> beyond_history(const std::vector<int64_t>& ended_at_ms, int32_t history_limit);

}  // namespace gantry::scaling
