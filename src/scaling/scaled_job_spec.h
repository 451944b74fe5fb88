// What a user asks of scaling by jobs, as plain values: the part of a KEDA ScaledJob that decides how many jobs are
// created and how many finished ones are remembered. Field names and defaults are KEDA's ScaledJobSpec
// (keda.sh/v1alpha1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "scaling/spec.h"

namespace gantry::scaling {

// scalingStrategy.strategy. How many jobs are still to be created when so many are wanted for what waits:
//   default   wanted - running: for queues that count a message until its job is done
//   custom    wanted - deduction - running * percentage
//   accurate  wanted - pending: for queues that do not count what a job has taken
//   eager     as many as fit: maxReplicaCount at once when anything waits
enum class JobStrategy { default_, custom, accurate, eager };

// scalingStrategy.multipleScalersCalculation: which of several triggers counts.
enum class MultipleScalers { max, min, avg, sum };

struct ScaledJobSpec {
  int64_t polling_interval_ms = 30'000;
  // Absent and present differ in KEDA: the effective maximum is less by the minimum only where a maximum was written.
  std::optional<int32_t> min_replica_count;
  std::optional<int32_t> max_replica_count;
  JobStrategy strategy = JobStrategy::default_;
  int32_t custom_queue_length_deduction = 0;
  // Of the strategy custom, a factor (0.5); without it custom counts as default.
  std::optional<double> custom_running_job_percentage;
  MultipleScalers multiple_scalers = MultipleScalers::max;
  int32_t successful_jobs_history_limit = 100;
  int32_t failed_jobs_history_limit = 100;
  bool paused = false;  // annotation autoscaling.keda.sh/paused
  std::vector<TriggerSpec> triggers;

  bool operator==(const ScaledJobSpec&) const = default;

  // Source of both: MinReplicaCount() and MaxReplicaCount() in KEDA's apis/keda/v1alpha1/scaledjob_types.go.
  int64_t jobs_min() const;            // always kept running
  int64_t jobs_max_above_min() const;  // besides these
};

// Refuses what the API server and KEDA refuse; the message names the field as YAML spells it.
Result<void> validate(const ScaledJobSpec& spec);

std::string_view to_string(JobStrategy strategy);
std::string_view to_string(MultipleScalers calculation);
// The inverse, of YAML's exact spelling; nothing for any other text.
std::optional<JobStrategy> parse_job_strategy(std::string_view text);
std::optional<MultipleScalers> parse_multiple_scalers(std::string_view text);

}  // namespace gantry::scaling
