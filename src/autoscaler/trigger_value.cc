#include "autoscaler/trigger_value.h"

#include <algorithm>

#include "autoscaler/scaled_object_spec.h"
#include "base/words.h"

namespace gantry::autoscaler {
namespace {

using Value = std::expected<double, std::string>;

std::string why_unknown(const lag::LagReading& reading) {
  return reading.unknown.empty() ? fmt::format("the lag of {}/{} is unknown", reading.topic, reading.group)
                                 : reading.unknown.front();
}

// The lag of one topic, or of several, and what scaling is told instead.
struct Messages {
  std::int64_t measured = 0;  // the lag as `gantry lag` tells it
  std::int64_t waiting = 0;   // with those that wait for a retry: what decides on activity
  std::int64_t counted = 0;   // of these, as many as consumers can be of use for
  std::string why;            // counted is another number than measured; else empty

  void explain(std::string reason) { why += (why.empty() ? "" : "; ") + std::move(reason); }
};

// Messages of one topic that want a consumer.
std::expected<Messages, std::string> messages_of(const kube::RocketmqTriggerMetadata& trigger,
                                                 const lag::LagReading& reading) {
  if (!reading.lag) return std::unexpected(why_unknown(reading));
  Messages messages{*reading.lag, *reading.lag, *reading.lag, {}};
  if (trigger.include_retry) {
    if (!reading.retry) return std::unexpected(why_unknown(reading));
    messages.waiting = messages.counted = messages.measured + *reading.retry;
    if (*reading.retry > 0) {
      messages.explain(
          fmt::format("{} more wait for a retry (includeRetry: \"false\" leaves them out)", *reading.retry));
    }
  }
  // a classic consumer without a queue is idle: more of them than queues would only cost
  const bool classic =
      trigger.mode == kube::ConsumeMode::classic || (trigger.mode == kube::ConsumeMode::automatic && !reading.pop);
  if (classic && !trigger.allow_idle_consumers) {
    const auto useful = trigger.limit_to_queues_with_lag
                            ? std::count_if(reading.queues.begin(), reading.queues.end(),
                                            [](const auto& q) { return q.lag.value_or(1) > 0; })
                            : static_cast<std::ptrdiff_t>(reading.queues.size());
    const auto queues = std::max<std::int64_t>(useful, 1);
    // a product that does not fit is no limit
    std::int64_t most = 0;
    if (!__builtin_mul_overflow(queues, trigger.lag_threshold, &most) && messages.counted > most) {
      messages.counted = most;
      messages.explain(trigger.limit_to_queues_with_lag
                           ? fmt::format("{} with a backlog x {} (limitToQueuesWithLag: \"true\")",
                                         plural(queues, "queue"), trigger.lag_threshold)
                           : fmt::format("{} x {} (more consumers than queues would idle; allowIdleConsumers: "
                                         "\"true\", or mode: pop for a group that pops, lifts this)",
                                         plural(queues, "queue"), trigger.lag_threshold));
    }
  }
  return messages;
}

std::expected<Messages, std::string> total(const kube::RocketmqTriggerMetadata& trigger,
                                           const std::vector<Result<lag::LagReading>>& readings) {
  Messages sum;
  for (const auto& reading : readings) {
    if (!reading) return std::unexpected(reading.error().message);
    const auto more = messages_of(trigger, *reading);
    if (!more) return std::unexpected(more.error());
    sum.measured += more->measured;
    sum.waiting += more->waiting;
    sum.counted += more->counted;
    if (!more->why.empty()) sum.explain((readings.size() > 1 ? reading->topic + ": " : "") + more->why);
  }
  return sum;
}

Value seconds_of(const lag::LagReading& reading) {
  if (!reading.oldest_age_ms) return std::unexpected(why_unknown(reading));
  return static_cast<double>(*reading.oldest_age_ms) / 1'000.0;
}

}  // namespace

std::vector<lag::LagQuery> lag_queries(const kube::Trigger& trigger) {
  std::vector<lag::LagQuery> queries;
  if (!trigger.rocketmq) return queries;
  const kube::RocketmqTriggerMetadata& ours = *trigger.rocketmq;
  const auto policy = ours.offset_reset_policy == kube::OffsetResetPolicy::latest ? lag::OffsetResetPolicy::latest
                                                                                  : lag::OffsetResetPolicy::earliest;
  for (const std::string& topic : ours.topics) queries.push_back({topic, ours.consumer_group, policy});
  return queries;
}

scaling::TriggerReading trigger_value(const kube::RocketmqTriggerMetadata& trigger,
                                      const std::vector<Result<lag::LagReading>>& readings) {
  scaling::TriggerReading result;
  scaling::MetricReading& lag = result.metrics.emplace_back();
  lag.name = kLagMetric;
  if (const auto messages = total(trigger, readings)) {
    lag.value = static_cast<double>(messages->counted);
    if (!messages->why.empty()) lag.measured = static_cast<double>(messages->measured);
    lag.why_counted = messages->why;
    // by what waits, not by what is left of it under a limit: a threshold above the limit would never be reached
    result.active = messages->waiting > trigger.activation_lag_threshold;
  } else {
    lag.value = std::unexpected(messages.error());
  }
  if (!trigger.lag_seconds_threshold) return result;
  Value seconds = 0.0;
  for (const auto& reading : readings) {
    const Value age = reading ? seconds_of(*reading) : Value(std::unexpected(reading.error().message));
    if (seconds) seconds = age ? Value(std::max(*seconds, *age)) : age;
  }
  result.metrics.push_back({std::string(kLagSecondsMetric), seconds, {}, {}});
  return result;
}

}  // namespace gantry::autoscaler
