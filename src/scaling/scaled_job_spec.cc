#include "scaling/scaled_job_spec.h"

#include <array>
#include <cmath>

namespace gantry::scaling {
namespace {

constexpr int64_t kJobsMaxDefault = 100;
constexpr int64_t kJobPollingMax_ms = int64_t{7} * 24 * 3600 * 1000;

constexpr std::array kStrategies{std::pair{JobStrategy::default_, std::string_view("default")},
                                 std::pair{JobStrategy::custom, std::string_view("custom")},
                                 std::pair{JobStrategy::accurate, std::string_view("accurate")},
                                 std::pair{JobStrategy::eager, std::string_view("eager")}};
constexpr std::array kCalculations{
    std::pair{MultipleScalers::max, std::string_view("max")}, std::pair{MultipleScalers::min, std::string_view("min")},
    std::pair{MultipleScalers::avg, std::string_view("avg")}, std::pair{MultipleScalers::sum, std::string_view("sum")}};

template <class Table, class Value>
std::string_view word_for(const Table& table, Value value) {
  for (const auto& [known, name] : table) {
    if (known == value) return name;
  }
  return "unknown";
}

template <class Table>
auto value_for(const Table& table, std::string_view word) -> std::optional<typename Table::value_type::first_type> {
  for (const auto& [value, name] : table) {
    if (name == word) return value;
  }
  return std::nullopt;
}

Result<void> check_at_least(std::string_view field, int32_t value, int32_t least) {
  if (value < least) return fail(Errc::invalid_argument, "{}: expected {} or more, got {}", field, least, value);
  return {};
}

}  // namespace

int64_t ScaledJobSpec::jobs_min() const {
  const int64_t min = min_replica_count.value_or(0);
  return max_replica_count && min > *max_replica_count ? *max_replica_count : min;
}

int64_t ScaledJobSpec::jobs_max_above_min() const {
  if (!max_replica_count) return kJobsMaxDefault;
  if (min_replica_count.value_or(0) > *max_replica_count) return *max_replica_count;
  return *max_replica_count - jobs_min();
}

Result<void> validate(const ScaledJobSpec& spec) {
  if (spec.polling_interval_ms < 1 || spec.polling_interval_ms > kJobPollingMax_ms) {
    return fail(Errc::invalid_argument, "pollingInterval: expected 1 to {} ms, got {}", kJobPollingMax_ms,
                spec.polling_interval_ms);
  }
  if (auto ok = check_at_least("minReplicaCount", spec.min_replica_count.value_or(0), 0); !ok) return ok;
  if (auto ok = check_at_least("maxReplicaCount", spec.max_replica_count.value_or(1), 1); !ok) return ok;
  if (auto ok = check_at_least("successfulJobsHistoryLimit", spec.successful_jobs_history_limit, 0); !ok) return ok;
  if (auto ok = check_at_least("failedJobsHistoryLimit", spec.failed_jobs_history_limit, 0); !ok) return ok;
  if (spec.custom_running_job_percentage && !std::isfinite(*spec.custom_running_job_percentage)) {
    return fail(Errc::invalid_argument, "scalingStrategy.customScalingRunningJobPercentage: expected a finite number");
  }
  return check_triggers(spec.triggers);
}

std::string_view to_string(JobStrategy strategy) { return word_for(kStrategies, strategy); }
std::string_view to_string(MultipleScalers calculation) { return word_for(kCalculations, calculation); }
std::optional<JobStrategy> parse_job_strategy(std::string_view text) { return value_for(kStrategies, text); }
std::optional<MultipleScalers> parse_multiple_scalers(std::string_view text) { return value_for(kCalculations, text); }

}  // namespace gantry::scaling
