#include "up/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/words.h"

namespace gantry::up {
namespace {

boost::json::value nullable(std::optional<std::int64_t> value) {
  return value ? boost::json::value(*value) : boost::json::value(nullptr);
}

// "1 replica is", "2 replicas are"
std::string count_of(std::int64_t number, std::string_view noun) {
  return plural(number, noun) + (number == 1 ? " is" : " are");
}

std::string complaint(const History& history, const Evidence& evidence, const Sample& last) {
  if (!history.max_lag()) return "the lag was never known";
  if (*history.max_lag() == 0) return "no backlog was seen";
  if (history.max_replicas() <= evidence.replicas_at_rest) {
    return fmt::format("replicas never rose above {}", evidence.replicas_at_rest);
  }
  if (!evidence.burst_complete) return "the generator has not sent its whole burst";
  if (!last.lag) return "the lag is unknown at the end";
  if (*last.lag != 0) return fmt::format("{} left at the end", count_of(*last.lag, "message"));
  if (last.retry.value_or(0) > 0) return "messages that failed are left to be tried again at the end";
  if (last.replicas > evidence.replicas_at_rest) {
    return fmt::format("{} left at the end, expected {}: their cooldownPeriod may take longer than this run",
                       count_of(last.replicas, "replica"), evidence.replicas_at_rest);
  }
  if (evidence.replicas_at_work) return "replicas that do not run are left at the end";
  if (evidence.deliveries && evidence.deliveries->lost > 0) return "of the messages " + doubts(*evidence.deliveries);
  return "";
}

}  // namespace

std::string doubts(const Deliveries& deliveries) {
  std::string text;
  const auto add = [&text](std::int64_t count, std::string_view one, std::string_view more, std::string_view what) {
    if (count > 0)
      text += fmt::format("{}{} {} {}", text.empty() ? "" : "; ", grouped(count), count == 1 ? one : more, what);
  };
  add(deliveries.lost, "was", "were", "lost");
  add(deliveries.unacknowledged, "was", "were",
      "handled by a worker that never learned whether its acknowledgement was taken");
  add(deliveries.out_of_sight, "has", "have",
      "no known end: a worker that was killed, or a consumer that is not of this run, may have handled it");
  return text;
}

boost::json::object to_json(const Sample& sample) {
  return {{"t_s", sample.t_s},
          {"lag", nullable(sample.lag)},
          {"in_flight", nullable(sample.in_flight)},
          {"oldest_age_ms", nullable(sample.oldest_age_ms)},
          {"replicas", sample.replicas},
          {"incoming", nullable(sample.incoming)},
          {"sent", nullable(sample.sent)},
          {"consumed", nullable(sample.consumed)}};
}

void History::add(const Sample& sample) {
  if (sample.lag) max_lag_ = std::max(max_lag_.value_or(0), *sample.lag);
  max_replicas_ = std::max(max_replicas_, sample.replicas);
  samples_.push_back(sample);
  if (samples_.size() <= kSamplesMax) return;
  const std::size_t older = kSamplesMax / 2;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < older; i += 2) samples_[kept++] = samples_[i];
  samples_.erase(samples_.begin() + static_cast<std::ptrdiff_t>(kept),
                 samples_.begin() + static_cast<std::ptrdiff_t>(older));
}

Verdict judge(const History& history, const Evidence& evidence) {
  Verdict verdict;
  verdict.max_lag = history.max_lag();
  verdict.max_replicas = history.max_replicas();
  if (history.empty()) {
    verdict.reason = "nothing was measured";
    return verdict;
  }
  const Sample& last = history.samples().back();
  verdict.final_lag = last.lag;
  verdict.final_replicas = last.replicas;
  if (evidence.deliveries) {
    verdict.duplicated = evidence.deliveries->duplicated;
    if (last.lag == 0) {
      verdict.lost = evidence.deliveries->lost;
      verdict.unknown = evidence.deliveries->unacknowledged + evidence.deliveries->out_of_sight;
    }
  }
  verdict.reason = complaint(history, evidence, last);
  verdict.ok = verdict.reason.empty();
  if (!verdict.ok && !evidence.failing_workers.empty()) verdict.reason += "; " + evidence.failing_workers;
  if (!verdict.ok && evidence.interrupted)
    verdict.reason = fmt::format("interrupted after {:.0f} s: {}", last.t_s, verdict.reason);
  if (verdict.ok) {
    verdict.reason = fmt::format("a backlog of {} was absorbed by up to {}, {} back at {}", grouped(*verdict.max_lag),
                                 plural(verdict.max_replicas, "replica"),
                                 verdict.max_replicas == 1 ? "now" : "which are", verdict.final_replicas);
    if (verdict.unknown.value_or(0) > 0) verdict.reason += "; of its messages " + doubts(*evidence.deliveries);
  }
  return verdict;
}

boost::json::object to_json(const History& history, const Verdict& verdict) {
  boost::json::array samples;
  for (const Sample& sample : history.samples()) samples.push_back(to_json(sample));
  return {{"samples", std::move(samples)},
          {"verdict",
           {{"ok", verdict.ok},
            {"reason", verdict.reason},
            {"max_lag", nullable(verdict.max_lag)},
            {"max_replicas", verdict.max_replicas},
            {"final_lag", nullable(verdict.final_lag)},
            {"final_replicas", verdict.final_replicas},
            {"lost", nullable(verdict.lost)},
            {"duplicated", nullable(verdict.duplicated)},
            {"unknown", nullable(verdict.unknown)}}}};
}

}  // namespace gantry::up
