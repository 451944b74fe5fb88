#include "triggers/trigger_value.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/words.h"
#include "queueing/topic_names.h"

namespace gantry::triggers {
namespace {

using Value = std::expected<double, std::string>;

std::string why_unknown(const lag::LagReading& reading) {
  return reading.unknown.empty() ? fmt::format("the lag of {}/{} is unknown", reading.topic, reading.group)
                                 : reading.unknown.front();
}

std::string why_delayed_unknown(const lag::LagReading& reading) {
  const auto found = std::ranges::find_if(
      reading.unknown, [](const std::string& reason) { return reason.find(lag::kOfDelayed) != std::string::npos; });
  return found == reading.unknown.end() ? why_unknown(reading) : *found;
}

// The lag of one topic, or of several, and what scaling is told instead.
struct Messages {
  std::int64_t measured = 0;       // the lag as `gantry lag` tells it
  std::int64_t waiting = 0;        // with retries and delayed messages: what decides on activity
  std::int64_t counted = 0;        // of these, as many as consumers can be of use for
  std::int64_t before_limits = 0;  // counted, before the number of queues limits it or rounds it up
  std::string why;                 // counted is another number than measured; else empty
  // Of what is counted beside the lag, or not though it is lag: how much.
  std::int64_t retry = 0, delayed = 0, fresh_queues = 0, without_in_flight = 0, without_fresh = 0,
               without_persistent = 0;

  void add(std::int64_t more) {
    waiting += more;
    counted += more;
  }
  void explain(std::string reason) { why += (why.empty() ? "" : "; ") + std::move(reason); }
};

// Messages of queues in which the group has never committed, and what KEDA's Kafka scaler makes of them: a group that will
// begin at the end is given one message a queue, so that a consumer comes and commits before messages pass it by.
void count_uncommitted(const kube::RocketmqTriggerMetadata& trigger, const lag::LagReading& reading,
                       Messages& messages) {
  std::int64_t queues = 0, lag = 0;
  for (const lag::QueueReading& queue : reading.queues) {
    if (!queue.never_committed) continue;
    ++queues;
    lag += queue.lag.value_or(0);
  }
  if (queues == 0) return;
  if (trigger.scale_to_zero_on_invalid_offset) {
    if (lag == 0) return;
    messages.add(-lag);
    messages.without_fresh = lag;
    messages.explain(
        fmt::format("without {} in which the group has never committed an offset "
                    "(scaleToZeroOnInvalidOffset: \"true\")",
                    plural(queues, "queue")));
  } else if (trigger.offset_reset_policy == kube::OffsetResetPolicy::latest) {
    messages.add(queues);
    messages.fresh_queues = queues;
    messages.explain(
        fmt::format("one more for each of {} in which the group has never committed an offset "
                    "(offsetResetPolicy: latest)",
                    plural(queues, "queue")));
  }
}

// The smallest divisor of `queues` whose share of messages is within the threshold: then every consumer has as many queues.
std::int64_t even_consumers(std::int64_t messages, std::int64_t queues, std::int64_t threshold) {
  for (std::int64_t consumers = 1; consumers < queues; ++consumers) {
    if (queues % consumers != 0) continue;
    // rounded up, as ceil(messages / threshold) is what scaling makes of it
    if (messages / threshold + (messages % threshold != 0) <= consumers) return consumers;
  }
  return queues;
}

// A classic consumer without a queue is idle: more of them than queues would only cost.
void limit_to_queues(const kube::RocketmqTriggerMetadata& trigger, const lag::LagReading& reading, Messages& messages) {
  const auto with_lag = [](const lag::QueueReading& q) { return q.lag.value_or(1) > 0; };
  const auto useful = trigger.limit_to_queues_with_lag ? std::ranges::count_if(reading.queues, with_lag)
                                                       : static_cast<std::ptrdiff_t>(reading.queues.size());
  const auto queues = std::max<std::int64_t>(useful, 1);
  const auto all = std::max<std::int64_t>(static_cast<std::int64_t>(reading.queues.size()), 1);
  std::int64_t counted = 0;
  if (trigger.ensure_even_distribution_of_queues && messages.counted > 0) {
    const std::int64_t consumers = even_consumers(messages.counted, all, trigger.lag_threshold);
    if (!__builtin_mul_overflow(consumers, trigger.lag_threshold, &counted) && counted != messages.counted) {
      messages.counted = counted;
      messages.explain(fmt::format("{} x {}, the next divisor of {} (ensureEvenDistributionOfQueues: \"true\")",
                                   plural(consumers, "consumer"), trigger.lag_threshold, plural(all, "queue")));
    }
  }
  if (trigger.allow_idle_consumers) return;
  // a product that does not fit is no limit
  if (__builtin_mul_overflow(queues, trigger.lag_threshold, &counted) || messages.counted <= counted) return;
  messages.counted = counted;
  messages.explain(trigger.limit_to_queues_with_lag
                       ? fmt::format("{} with a backlog x {} (limitToQueuesWithLag: \"true\")", plural(queues, "queue"),
                                     trigger.lag_threshold)
                       : fmt::format("{} x {} (more consumers than queues would idle; allowIdleConsumers: "
                                     "\"true\", or mode: pop for a group that pops, lifts this)",
                                     plural(queues, "queue"), trigger.lag_threshold));
}

// Messages that consumers have taken and that still count in the lag. POP acknowledges in any order, and the committed
// offset stays at the oldest message in work: then those behind it that are done count in the lag and are not in flight.
template <class Reading>
std::int64_t taken(const Reading& reading) {
  if (reading.lag && reading.ready) return std::max<std::int64_t>(0, *reading.lag - *reading.ready);
  return reading.in_flight.value_or(0);
}

// What the topics of a group share at a broker is in the reading of each, and counts once: brokers of readings before.
struct Counted {
  std::set<std::string> retries, delayed;
};

// Messages that wait for a retry and count: not those that were taken again, where the broker tells.
std::int64_t retries_of(const kube::RocketmqTriggerMetadata& trigger, const lag::LagReading& reading,
                        Counted& counted) {
  const std::int64_t all = reading.retry.value_or(0);
  std::int64_t retries = trigger.include_in_flight ? all : reading.retry_ready.value_or(all);
  for (const auto& [broker, shared] : reading.group_retries) {
    const bool first = counted.retries.insert(broker).second;
    if (!first) retries -= trigger.include_in_flight ? shared.messages : shared.ready;
  }
  return std::max<std::int64_t>(0, retries);
}

std::int64_t delayed_retries_of(const lag::LagReading& reading, Counted& counted) {
  std::int64_t retries = reading.delayed_retry.value_or(0);
  for (const auto& [broker, shared] : reading.group_delayed) {
    if (!counted.delayed.insert(broker).second) retries -= shared;
  }
  return std::max<std::int64_t>(0, retries);
}

// Messages of one topic that want a consumer.
std::expected<Messages, std::string> messages_of(const kube::RocketmqTriggerMetadata& trigger,
                                                 const lag::LagReading& reading, Counted& before) {
  if (!reading.lag) return std::unexpected(why_unknown(reading));
  Messages messages;
  messages.measured = messages.waiting = messages.counted = *reading.lag;
  count_uncommitted(trigger, reading, messages);
  if (!trigger.include_in_flight) {
    // an Apache broker does not tell it of a group that pops, because there it is no lag in the first place
    const bool pops = trigger.mode == kube::ConsumeMode::pop || reading.pop;
    if (!reading.in_flight && !pops) return std::unexpected(why_unknown(reading));
    std::int64_t in_flight = taken(reading);
    for (const lag::QueueReading& queue : reading.queues) {
      if (queue.never_committed && trigger.scale_to_zero_on_invalid_offset) in_flight -= taken(queue);
    }
    if (in_flight > 0) {
      messages.add(-in_flight);
      messages.without_in_flight = in_flight;
      const bool more = reading.in_flight && in_flight > *reading.in_flight;
      messages.explain(
          fmt::format("without {} {} (includeInFlight: \"false\")", in_flight, more ? "taken" : "in flight"));
    }
  }
  if (trigger.include_retry) {
    if (!reading.retry) return std::unexpected(why_unknown(reading));
    const std::int64_t retries = retries_of(trigger, reading, before);
    messages.add(retries);
    messages.retry = retries;
    if (retries > 0) {
      messages.explain(fmt::format("{} more wait for a retry (includeRetry: \"false\" leaves them out)", retries));
    }
  }
  if (trigger.include_delayed) {
    if (!reading.delayed || (trigger.include_retry && !reading.delayed_retry))
      return std::unexpected(why_delayed_unknown(reading));
    std::int64_t delayed = *reading.delayed;
    if (trigger.include_retry) delayed += delayed_retries_of(reading, before);
    messages.add(delayed);
    messages.delayed = delayed;
    if (delayed > 0)
      messages.explain(fmt::format("{} more wait for their delivery time (includeDelayed: \"true\")", delayed));
  }
  if (trigger.exclude_persistent_lag) {
    std::int64_t queues = 0, lag = 0;
    for (const lag::QueueReading& queue : reading.queues) {
      if (!queue.persistent) continue;
      ++queues;
      lag += queue.lag.value_or(0);
      if (!trigger.include_in_flight && reading.in_flight) lag -= taken(queue);  // left out already
    }
    if (lag > 0) {
      messages.counted = std::max<std::int64_t>(0, messages.counted - lag);  // they still activate
      messages.without_persistent = lag;
      messages.explain(
          fmt::format("without {} of {} where no offset is committed any more (excludePersistentLag: "
                      "\"true\")",
                      lag, plural(queues, "queue")));
    }
  }
  const bool classic =
      trigger.mode == kube::ConsumeMode::classic || (trigger.mode == kube::ConsumeMode::automatic && !reading.pop);
  messages.before_limits = messages.counted;
  if (classic) limit_to_queues(trigger, reading, messages);
  return messages;
}

// What waits in a topic at least, when not all of it could be read: what is unknown counts as nothing here.
std::int64_t surely_waiting(const kube::RocketmqTriggerMetadata& trigger, const lag::LagReading& reading,
                            Counted& before) {
  const bool pops = trigger.mode == kube::ConsumeMode::pop || reading.pop;
  const bool one_a_fresh_queue = trigger.offset_reset_policy == kube::OffsetResetPolicy::latest;
  std::int64_t waiting = trigger.include_retry ? retries_of(trigger, reading, before) : 0;
  const auto add = [&](std::int64_t more) {
    if (__builtin_add_overflow(waiting, more, &waiting)) waiting = std::numeric_limits<std::int64_t>::max();
  };
  if (trigger.include_delayed) {
    add(reading.delayed.value_or(0));
    if (trigger.include_retry) add(delayed_retries_of(reading, before));
  }
  for (const lag::QueueReading& queue : reading.queues) {
    if (queue.never_committed && trigger.scale_to_zero_on_invalid_offset) continue;
    if (queue.never_committed && one_a_fresh_queue) add(1);
    if (!queue.lag) continue;
    if (trigger.include_in_flight) {
      add(*queue.lag);
    } else if (queue.in_flight || pops) {
      add(std::max<std::int64_t>(0, *queue.lag - taken(queue)));
    }
  }
  return waiting;
}

std::expected<Messages, std::string> total(const kube::RocketmqTriggerMetadata& trigger,
                                           const std::vector<Result<lag::LagReading>>& readings) {
  Messages sum;
  Counted before;
  for (const auto& reading : readings) {
    if (!reading) return std::unexpected(reading.error().message);
    const auto more = messages_of(trigger, *reading, before);
    if (!more) return std::unexpected(more.error());
    sum.measured += more->measured;
    sum.waiting += more->waiting;
    sum.counted += more->counted;
    sum.before_limits += more->before_limits;
    sum.retry += more->retry;
    sum.delayed += more->delayed;
    sum.fresh_queues += more->fresh_queues;
    sum.without_in_flight += more->without_in_flight;
    sum.without_fresh += more->without_fresh;
    sum.without_persistent += more->without_persistent;
    if (!more->why.empty()) sum.explain((readings.size() > 1 ? reading->topic + ": " : "") + more->why);
  }
  return sum;
}

// Beside the number that is counted: why it is not the measured one. A limit says enough; the whole is in Messages::why.
std::string in_short(const Messages& messages) {
  if (messages.counted < messages.before_limits) return "capped from " + grouped(messages.before_limits);
  if (messages.counted > messages.before_limits) return "rounded up from " + grouped(messages.before_limits);
  std::string words;
  const auto say = [&](std::int64_t number, std::string_view before, std::string_view after) {
    if (number > 0) words += fmt::format("{}{}{}{}", words.empty() ? "" : ", ", before, grouped(number), after);
  };
  say(messages.retry, "", messages.retry == 1 ? " of it a retry" : " of it retries");
  say(messages.delayed, "", " of it delayed");
  say(messages.fresh_queues, "", " of it for queues without an offset");
  say(messages.without_in_flight, "without ", " in flight");
  say(messages.without_fresh, "without ", " never committed");
  say(messages.without_persistent, "without ", " that nobody commits");
  return words;
}

Value seconds_of(const lag::LagReading& reading) {
  if (!reading.oldest_age_ms) return std::unexpected(why_unknown(reading));
  return static_cast<double>(*reading.oldest_age_ms) / 1'000.0;
}

}  // namespace

std::vector<scaling::MetricSpec> metric_specs(const kube::RocketmqTriggerMetadata& trigger, scaling::TargetType type) {
  std::vector<scaling::MetricSpec> specs;
  specs.push_back({std::string(kLagMetric), type, static_cast<double>(trigger.lag_threshold)});
  if (trigger.lag_seconds_threshold)
    specs.push_back({std::string(kLagSecondsMetric), type, static_cast<double>(*trigger.lag_seconds_threshold)});
  return specs;
}

std::vector<lag::LagQuery> lag_queries(const kube::RocketmqTriggerMetadata& trigger) {
  const auto policy = trigger.offset_reset_policy == kube::OffsetResetPolicy::latest ? lag::OffsetResetPolicy::latest
                                                                                     : lag::OffsetResetPolicy::earliest;
  std::vector<lag::LagQuery> queries;
  for (const std::string& topic : trigger.topics) {
    queries.push_back({queueing::with_namespace(trigger.rocketmq_namespace, topic),
                       queueing::with_namespace(trigger.rocketmq_namespace, trigger.consumer_group), policy});
    queries.back().needs.delayed = trigger.include_delayed;  // it may cost much, so not for everybody
  }
  return queries;
}

std::vector<lag::LagQuery> lag_queries(const kube::Trigger& trigger) {
  return trigger.rocketmq ? lag_queries(*trigger.rocketmq) : std::vector<lag::LagQuery>();
}

lag::LagNeeds needs_of(const kube::RocketmqTriggerMetadata& trigger) {
  lag::LagNeeds needs;
  needs.age = trigger.lag_seconds_threshold.has_value();
  needs.retry = trigger.include_retry;
  needs.dead_letter = false;
  needs.delayed = trigger.include_delayed;
  // only they say whether a group pops, and in whose hands messages are
  needs.consumers = trigger.mode == kube::ConsumeMode::automatic || !trigger.include_in_flight;
  return needs;
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
    if (!messages->why.empty()) lag.why_short = in_short(*messages);
    // by what waits, not by what is left of it under a limit: a threshold above the limit would never be reached
    result.active = messages->waiting > trigger.activation_lag_threshold;
  } else {
    lag.value = std::unexpected(messages.error());
    std::int64_t waiting = 0;
    Counted before;
    for (const auto& reading : readings) {
      const std::int64_t more = reading ? surely_waiting(trigger, *reading, before) : 0;
      if (__builtin_add_overflow(waiting, more, &waiting)) waiting = std::numeric_limits<std::int64_t>::max();
    }
    // consumers are needed whatever the rest is; that none are needed, only the whole can say
    if (waiting > trigger.activation_lag_threshold) result.active = true;
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

}  // namespace gantry::triggers
