#include "autoscaler/scaled_job_spec.h"

#include "autoscaler/scaled_object_spec.h"

namespace gantry::autoscaler {

Result<scaling::ScaledJobSpec> spec_of(const kube::ScaledJob& object) {
  scaling::ScaledJobSpec spec;
  spec.polling_interval_ms = std::int64_t{object.polling_interval_s} * 1'000;
  spec.min_replica_count = object.min_replica_count;
  spec.max_replica_count = object.max_replica_count;
  const kube::JobScalingStrategy& strategy = object.strategy;
  spec.strategy = scaling::parse_job_strategy(strategy.strategy).value_or(scaling::JobStrategy::default_);
  spec.custom_queue_length_deduction = strategy.custom_queue_length_deduction;
  spec.custom_running_job_percentage = strategy.custom_running_job_percentage;
  spec.multiple_scalers =
      scaling::parse_multiple_scalers(strategy.multiple_scalers_calculation).value_or(scaling::MultipleScalers::max);
  spec.successful_jobs_history_limit = object.successful_jobs_history_limit;
  spec.failed_jobs_history_limit = object.failed_jobs_history_limit;
  spec.paused = object.paused;
  for (std::size_t i = 0; i < object.triggers.size(); ++i) {
    spec.triggers.push_back(trigger_spec_of(object.triggers[i], i));
  }
  if (auto valid = scaling::validate(spec); !valid) {
    return std::unexpected(
        in_context(fmt::format("{}:{}: ScaledJob {}", object.file, object.line, object.metadata.name), valid.error()));
  }
  return spec;
}

}  // namespace gantry::autoscaler
