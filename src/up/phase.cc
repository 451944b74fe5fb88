#include "up/phase.h"

#include "base/words.h"

namespace gantry::up {
namespace {

std::string waiting(const Situation& now) {
  std::string text = plural(now.lag, "message") + (now.lag == 1 ? " waits" : " wait");
  if (now.groups > 1) text += fmt::format(" in {}", plural(static_cast<std::int64_t>(now.groups), "group"));
  if (!now.missing_consumers.empty()) return text + "; " + now.missing_consumers;
  if (now.replicas == 0) return text + " for a first replica";
  return fmt::format("{}, {} {} on {}", text, plural(now.replicas, "replica"), now.replicas == 1 ? "works" : "work",
                     now.lag == 1 ? "it" : "them");
}

constexpr const char* kTriedAgain = "messages that failed are tried again";

std::string leaving(const Situation& now) {
  const std::int32_t count = now.replicas - now.replicas_at_rest;
  const std::string who = now.replicas_at_rest == 0 ? plural(count, "replica")
                                                    : fmt::format("{} of {}", count, plural(now.replicas, "replica"));
  return fmt::format("{} {} about to go", who, count == 1 ? "is" : "are");
}

std::string without_burst(const Situation& now) {
  if (now.lag > 0) return waiting(now);
  if (now.retry > 0) return fmt::format("no other messages wait, {}", kTriedAgain);
  if (now.replicas > now.replicas_at_rest) return "no messages wait, " + leaving(now);
  return fmt::format("no messages wait; {}replicas start when some come", now.replicas_at_rest > 0 ? "more " : "");
}

std::string with_burst(const Situation& now, const BurstSituation& burst) {
  const std::string total = grouped(burst.total);
  if (!burst.begun) return fmt::format("a burst of {} messages is about to be sent", total);
  if (!burst.complete()) {
    return fmt::format("a burst of {} messages is being sent: {} so far{}", total, grouped(burst.sent),
                       now.missing_consumers.empty() ? "" : "; " + now.missing_consumers);
  }
  if (burst.over && (now.lag > 0 || now.retry > 0 || now.replicas > now.replicas_at_rest)) return without_burst(now);
  if (now.lag > 0) return fmt::format("the burst of {} is sent; {}", total, waiting(now));
  if (now.retry > 0) return fmt::format("the burst of {} is sent; {}", total, kTriedAgain);
  if (now.replicas > now.replicas_at_rest) return fmt::format("the burst of {} is absorbed, {}", total, leaving(now));
  if (burst.doubts.empty()) {
    return fmt::format("done: the burst of {} is consumed, replicas are back at {}", total, now.replicas_at_rest);
  }
  return fmt::format("done: of the burst of {} messages {}; replicas are back at {}", total, burst.doubts,
                     now.replicas_at_rest);
}

}  // namespace

std::string phase_text(const Situation& now) {
  if (!now.lag_unknown.empty()) return "the lag is unknown: " + now.lag_unknown;
  if (now.burst && !now.burst->error.empty()) return "the burst waits: " + now.burst->error;
  if (!now.failing_workers.empty()) return now.failing_workers;
  return now.burst ? with_burst(now, *now.burst) : without_burst(now);
}

std::string missing_consumers_text(const std::string& group, const GroupAtWork& now) {
  if (now.pop || now.lag.value_or(0) == 0 || now.consumers != 0 || now.running == 0) return "";
  if (now.longest_run_s < kJoinGraceS || now.standstill_s < kJoinGraceS) return "";
  return now.running == 1
             ? fmt::format("1 replica runs, but it is no consumer of group {}", group)
             : fmt::format("{} run, but none is a consumer of group {}", plural(now.running, "replica"), group);
}

}  // namespace gantry::up
