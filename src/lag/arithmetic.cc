#include "lag/arithmetic.h"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::lag {
namespace {

// A delay beyond this is the age of a message that does not exist: brokers then compute "now - (-1)".
constexpr std::int64_t kPlausibleAgeMaxMs = 10LL * 365 * 24 * 3600 * 1000;

// The age of the oldest message that is left, for a group that stands before it. The delay is then no delay, but the
// broker's own clock plus one, which is what an age by that clock needs.
std::optional<std::int64_t> age_of_oldest_left(const QueueFacts& facts) {
  if (!facts.delay_ms || !facts.min_time_ms || *facts.delay_ms <= kPlausibleAgeMaxMs) return std::nullopt;
  const std::int64_t now_ms = *facts.delay_ms - 1;
  if (*facts.min_time_ms <= 0 || *facts.min_time_ms > now_ms) return std::nullopt;
  return now_ms - *facts.min_time_ms;
}

void add_reason(std::vector<std::string>& unknown, std::string reason) {
  if (std::find(unknown.begin(), unknown.end(), reason) == unknown.end()) unknown.push_back(std::move(reason));
}

bool never_committed(const QueueFacts& facts) { return facts.committed == false; }

// The offset of the first message that the group has still to consume.
std::optional<std::int64_t> position(const QueueFacts& facts, OffsetResetPolicy policy) {
  if (!facts.broker_offset) return std::nullopt;
  if (*facts.broker_offset == 0) return 0;  // nothing was ever stored: no offset matters
  if (facts.consumer_offset == facts.broker_offset) return facts.broker_offset;  // all consumed, wherever it begins
  if (!facts.min_offset) return std::nullopt;
  if (!facts.consumer_offset) return std::nullopt;
  if (never_committed(facts)) return policy == OffsetResetPolicy::earliest ? *facts.min_offset : *facts.broker_offset;
  // an offset of 0 that could not be told from "never committed" means the same as earliest, but not as latest
  if (must_ask_committed(facts) && !facts.committed && policy == OffsetResetPolicy::latest) return std::nullopt;
  return std::max(*facts.consumer_offset, *facts.min_offset);
}

template <class Member>
std::optional<std::int64_t> sum(const std::vector<QueueReading>& queues, Member member) {
  std::int64_t total = 0;
  for (const QueueReading& queue : queues) {
    if (!(queue.*member)) return std::nullopt;
    if (__builtin_add_overflow(total, *(queue.*member), &total)) return std::nullopt;  // no broker stores that many
  }
  return total;
}

}  // namespace

bool must_ask_committed(const QueueFacts& facts) {
  return facts.consumer_offset.value_or(0) == 0 && facts.broker_offset.value_or(0) > 0;
}

bool stands_beyond_end(const QueueFacts& facts) {
  return facts.broker_offset && facts.consumer_offset && facts.consumer_offset_before &&
         *facts.broker_offset < *facts.consumer_offset_before && *facts.broker_offset < *facts.consumer_offset;
}

bool is_racing(const QueueFacts& facts) {
  if (!facts.broker_offset || !facts.consumer_offset || stands_beyond_end(facts)) return false;
  if (*facts.consumer_offset > *facts.broker_offset) return true;
  if (facts.min_offset && *facts.min_offset > *facts.broker_offset) return true;
  if (facts.max_offset && *facts.max_offset < *facts.consumer_offset) return true;
  // 208 saw messages waiting and 303 saw none, or the other way round
  if (facts.delay_ms && !never_committed(facts)) {
    const bool waiting = *facts.broker_offset > *facts.consumer_offset;
    if (waiting && *facts.delay_ms == 0) return true;
  }
  return false;
}

QueueReading read_queue(const QueueFacts& facts, OffsetResetPolicy policy, std::vector<std::string>& unknown) {
  QueueReading reading;
  reading.broker = facts.broker;
  reading.queue_id = facts.queue_id;
  reading.broker_offset = facts.broker_offset;
  reading.never_committed = never_committed(facts);
  if (!reading.never_committed) reading.consumer_offset = facts.consumer_offset;

  if (stands_beyond_end(facts) && *facts.broker_offset > 0) {
    add_reason(
        unknown,
        fmt::format("{}: the group stands {} beyond the end of queue {}, which is {}: its log was replaced or cut. "
                    "The next consumer begins at the end and skips what is stored; \"gantry group reset\" decides",
                    facts.broker, *facts.consumer_offset - *facts.broker_offset, facts.queue_id, *facts.broker_offset));
    return reading;
  }
  const auto from = position(facts, policy);
  if (!from) {
    add_reason(unknown, fmt::format("{}: the offsets of queue {} are not known", facts.broker, facts.queue_id));
    return reading;
  }
  const std::int64_t lag = std::max<std::int64_t>(0, *facts.broker_offset - *from);
  reading.lag = lag;

  if (lag == 0) {
    reading.oldest_age_ms = 0;
  } else if (!facts.age_asked) {
    // empty, and no unknown
  } else if (const auto age = age_of_oldest_left(facts);
             age && *facts.consumer_offset < *facts.min_offset + (reading.never_committed ? 1 : 0)) {
    reading.oldest_age_ms = age;
  } else if (reading.never_committed) {
    add_reason(unknown, fmt::format("{}: age: {}", facts.broker, kNeverCommitted));
  } else if (*facts.consumer_offset < *facts.min_offset) {
    add_reason(unknown, fmt::format("{}: age: the group stands before the oldest message that is left", facts.broker));
  } else if (!facts.delay_ms || *facts.delay_ms > kPlausibleAgeMaxMs) {
    add_reason(unknown, fmt::format("{}: age: the broker does not say", facts.broker));
  } else {
    reading.oldest_age_ms = std::max<std::int64_t>(0, *facts.delay_ms);
  }

  if (!facts.in_flight_asked) return reading;
  if (facts.pop_in_flight && facts.pop_ready) {
    reading.in_flight = facts.pop_in_flight;
    reading.ready = facts.pop_ready;
  } else if (facts.pop) {
    add_reason(unknown, fmt::format("{}: in flight and ready: {}", facts.broker, kPopNotTold));
  } else {
    const std::int64_t pulled =
        std::clamp(facts.pull_offset.value_or(*from), *from, std::max(*from, *facts.broker_offset));
    reading.in_flight = pulled - *from;
    reading.ready = lag - *reading.in_flight;
  }
  return reading;
}

void sum_up(LagReading& reading, bool complete) {
  std::sort(reading.queues.begin(), reading.queues.end(), [](const QueueReading& a, const QueueReading& b) {
    return std::tie(a.broker, a.queue_id) < std::tie(b.broker, b.queue_id);
  });
  if (!complete) {
    reading.lag = reading.in_flight = reading.ready = reading.oldest_age_ms = std::nullopt;
    return;
  }
  reading.lag = sum(reading.queues, &QueueReading::lag);
  reading.in_flight = sum(reading.queues, &QueueReading::in_flight);
  reading.ready = sum(reading.queues, &QueueReading::ready);
  std::int64_t oldest = 0;
  for (const QueueReading& queue : reading.queues) {
    if (!queue.oldest_age_ms) {
      reading.oldest_age_ms = std::nullopt;
      return;
    }
    oldest = std::max(oldest, *queue.oldest_age_ms);
  }
  reading.oldest_age_ms = oldest;
}

}  // namespace gantry::lag
