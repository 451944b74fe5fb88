#include "scaler/state_json.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "scaling/proposal.h"
#include "triggers/trigger_value.h"

namespace gantry::scaler {
namespace {

namespace json = boost::json;

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::value instant(std::int64_t at_ms) { return at_ms == 0 ? json::value(nullptr) : json::value(at_ms); }

// What the HPA's replica calculator makes of it, before tolerance and bounds.
std::optional<std::int32_t> desired_of(std::string_view name, double target, const scaling::MetricReading* reading) {
  if (reading == nullptr || !reading->value) return std::nullopt;
  const scaling::MetricSpec spec{std::string(name), scaling::TargetType::average_value, target};
  const auto proposal = scaling::propose_replicas(spec, *reading->value, {}, {});
  return proposal ? std::optional(proposal->replicas) : std::nullopt;
}

struct Metrics {
  json::array json;
  std::optional<std::int32_t> desired;  // the largest; empty when one of them is unknown
};

Metrics metrics_of(const TriggerRecord& record) {
  Metrics metrics;
  bool known = true;
  const auto add = [&](std::string_view name, double target) {
    const scaling::MetricReading* reading = record.find(name);
    const auto desired = desired_of(name, target, reading);
    std::string unknown;
    if (reading == nullptr) {
      unknown = record.last_error.empty() ? "not asked yet" : record.last_error;
    } else if (!reading->value) {
      unknown = reading->value.error();
    }
    known = known && desired;
    metrics.desired = std::max(metrics.desired.value_or(0), desired.value_or(0));
    metrics.json.push_back(json::object{
        {"name", name},
        {"value", reading != nullptr && reading->value ? json::value(*reading->value) : json::value(nullptr)},
        {"measured", reading == nullptr ? json::value(nullptr) : or_null(reading->measured)},
        {"why_counted", reading == nullptr ? std::string() : reading->why_counted},
        {"why_short", reading == nullptr ? std::string() : reading->why_short},
        {"target", target},
        {"desired", or_null(desired)},
        {"unknown", std::move(unknown)},
    });
  };
  if (record.lag_threshold > 0) add(triggers::kLagMetric, record.lag_threshold);
  if (record.lag_seconds_threshold) add(triggers::kLagSecondsMetric, *record.lag_seconds_threshold);
  if (!known) metrics.desired.reset();
  return metrics;
}

json::object replicas_of(const ObjectReplicas& replicas) {
  return {{"current", or_null(replicas.current)},
          {"hpa_desired", or_null(replicas.desired)},
          {"min", or_null(replicas.min)},
          {"max", or_null(replicas.max)},
          {"hpa", replicas.hpa},
          {"paused", replicas.paused},
          {"fallback", replicas.fallback},
          {"problem", replicas.problem},
          {"unknown", replicas.unknown}};
}

json::object trigger_of(const TriggerRecord& record, const Replicas& replicas, std::int64_t now_ms) {
  json::array topics;
  for (const std::string& topic : record.topics) topics.push_back(json::value(topic));
  Metrics metrics = metrics_of(record);
  return {
      {"namespace", record.namespace_},
      {"name", record.name},
      {"id", record.id},
      {"topics", std::move(topics)},
      {"consumer_group", record.consumer_group},
      {"state", to_string(state_of(record, now_ms))},
      {"active", record.reading ? or_null(record.reading->active) : json::value(nullptr)},
      {"metrics", std::move(metrics.json)},
      {"desired", or_null(metrics.desired)},
      {"replicas", replicas_of(replicas.find(record.namespace_, record.name))},
      {"error", record.last_error},
      {"notice", record.notice},
      {"newest_error", record.newest_error},
      {"newest_error_at_ms", instant(record.last_error_at_ms)},
      {"asked_at_ms", instant(record.asked_at_ms)},
      {"asked", record.asked},
      {"pushes", record.streams > 0},
  };
}

json::array history_of(const TriggerRecord& record) {
  json::array history;
  for (const Sample& sample : record.history) {
    history.push_back(json::object{{"at_ms", sample.at_ms},
                                   {"lag", or_null(sample.lag)},
                                   {"measured", or_null(sample.measured)},
                                   {"lag_seconds", or_null(sample.lag_seconds)}});
  }
  return history;
}

}  // namespace

json::object list_json(const ScaledObjects& objects, const Replicas& replicas, const ListQuery& query,
                       std::int64_t now_ms) {
  const Listing listing = list(objects, query, now_ms);
  json::object counts;
  for (const TriggerState state : kTriggerStates)
    counts[to_string(state)] = listing.counts[static_cast<std::size_t>(state)];
  json::array problems;
  for (const Problem& problem : listing.problems) {
    problems.push_back(json::object{{"error", problem.error},
                                    {"triggers", problem.triggers},
                                    {"namespace", problem.first->namespace_},
                                    {"name", problem.first->name},
                                    {"id", problem.first->id}});
  }
  json::array triggers;
  for (const TriggerRecord* record : listing.shown) triggers.push_back(trigger_of(*record, replicas, now_ms));
  return {{"now_ms", now_ms},
          {"counts", std::move(counts)},
          {"problems", std::move(problems)},
          {"problems_left_out", listing.problems_left_out},
          {"replicas_unknown", replicas.unknown()},
          {"matched", listing.matched},
          {"offset", query.offset},
          {"triggers", std::move(triggers)}};
}

Result<json::object> object_json(const ScaledObjects& objects, const Replicas& replicas, const std::string& namespace_,
                                 const std::string& name, std::int64_t now_ms) {
  json::array triggers;
  const auto& records = objects.records();
  for (auto it = records.lower_bound({namespace_, name, std::string()}); it != records.end(); ++it) {
    const TriggerRecord& record = it->second;
    if (record.namespace_ != namespace_ || record.name != name) break;
    json::object trigger = trigger_of(record, replicas, now_ms);
    trigger["history"] = history_of(record);
    triggers.push_back(std::move(trigger));
  }
  if (triggers.empty())
    return fail(Errc::not_found, "nobody has asked about {}/{} lately; after 15 minutes it is forgotten", namespace_,
                name);
  return json::object{{"now_ms", now_ms}, {"triggers", std::move(triggers)}};
}

}  // namespace gantry::scaler
