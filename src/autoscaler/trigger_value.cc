#include "autoscaler/trigger_value.h"

#include <algorithm>

#include "autoscaler/scaled_object_spec.h"

namespace gantry::autoscaler {
namespace {

using Value = std::expected<double, std::string>;

std::string why_unknown(const lag::LagReading& reading) {
  return reading.unknown.empty() ? fmt::format("the lag of {}/{} is unknown", reading.topic, reading.group)
                                 : reading.unknown.front();
}

// Messages of one topic that want a consumer.
Value messages_of(const kube::RocketmqTriggerMetadata& trigger, const lag::LagReading& reading) {
  if (!reading.lag) return std::unexpected(why_unknown(reading));
  std::int64_t messages = *reading.lag;
  if (trigger.include_retry) {
    if (!reading.retry) return std::unexpected(why_unknown(reading));
    messages += *reading.retry;
  }
  // a classic consumer without a queue is idle: more of them than queues would only cost
  const bool classic =
      trigger.mode == kube::ConsumeMode::classic || (trigger.mode == kube::ConsumeMode::automatic && !reading.pop);
  if (classic && !trigger.allow_idle_consumers) {
    const auto useful = trigger.limit_to_queues_with_lag
                            ? std::count_if(reading.queues.begin(), reading.queues.end(),
                                            [](const auto& q) { return q.lag.value_or(1) > 0; })
                            : static_cast<std::ptrdiff_t>(reading.queues.size());
    messages = std::min<std::int64_t>(messages, std::max<std::int64_t>(useful, 1) * trigger.lag_threshold);
  }
  return static_cast<double>(messages);
}

Value seconds_of(const lag::LagReading& reading) {
  if (!reading.oldest_age_ms) return std::unexpected(why_unknown(reading));
  return static_cast<double>(*reading.oldest_age_ms) / 1'000.0;
}

}  // namespace

scaling::TriggerReading trigger_value(const kube::RocketmqTriggerMetadata& trigger,
                                      const std::vector<Result<lag::LagReading>>& readings) {
  Value messages = 0.0;
  Value seconds = 0.0;
  for (const auto& reading : readings) {
    const Value more = reading ? messages_of(trigger, *reading) : Value(std::unexpected(reading.error().message));
    const Value age = reading ? seconds_of(*reading) : Value(std::unexpected(reading.error().message));
    if (messages) messages = more ? Value(*messages + *more) : more;
    if (seconds) seconds = age ? Value(std::max(*seconds, *age)) : age;
  }
  scaling::TriggerReading result;
  result.metrics.push_back({std::string(kLagMetric), messages});
  if (messages) result.active = *messages > static_cast<double>(trigger.activation_lag_threshold);
  if (trigger.lag_seconds_threshold) result.metrics.push_back({std::string(kLagSecondsMetric), seconds});
  return result;
}

}  // namespace gantry::autoscaler
