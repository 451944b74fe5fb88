// A ScaledJob (keda.sh/v1alpha1, as of KEDA 2.21) with the Job (batch/v1) that it makes copies of, validated by the rules
// of KEDA's CRD and of its controller.
#pragma once

#include "kube/gantry_annotations.h"
#include "kube/metadata.h"
#include "kube/pod_template.h"
#include "kube/trigger.h"

namespace gantry::kube {

// spec.jobTargetRef: the spec of a Job.
struct JobTemplate {
  std::optional<std::int32_t> parallelism;        // pods at a time; absent: 1
  std::optional<std::int32_t> completions;        // pods that must succeed; absent: see completions_needed
  std::optional<std::int32_t> active_deadline_s;  // at least 1; of the whole Job, its retries included
  std::int32_t backoff_limit = 6;                 // pods that may fail before the Job does
  PodTemplate pod;

  std::int32_t pods_at_a_time() const { return parallelism.value_or(1); }
  // Without completions a Job of one pod needs one; one of several pods ends when any has succeeded and all have ended.
  std::int32_t completions_needed() const { return completions.value_or(1); }
};

// Words of the CRD that were checked against it; scaling reads them.
struct JobScalingStrategy {
  std::string strategy = "default";  // custom, accurate, eager
  std::int32_t custom_queue_length_deduction = 0;
  std::optional<double> custom_running_job_percentage;
  std::string multiple_scalers_calculation = "max";  // min, avg, sum
};

struct ScaledJob {
  ObjectMeta metadata;
  int line = 0;
  std::string file;

  JobTemplate job;
  std::int32_t polling_interval_s = 30;
  std::int32_t successful_jobs_history_limit = 100;
  std::int32_t failed_jobs_history_limit = 100;
  std::optional<std::int32_t> min_replica_count;
  std::optional<std::int32_t> max_replica_count;
  JobScalingStrategy strategy;
  std::vector<Trigger> triggers;  // at least one

  bool paused = false;  // annotation autoscaling.keda.sh/paused
  GantryAnnotations gantry;
};

const Schema<ScaledJob>& scaled_job_schema();

}  // namespace gantry::kube
