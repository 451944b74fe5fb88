#include "scaler/state_json.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace gantry::scaler {
namespace {

namespace json = boost::json;

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::array metrics_of(const TriggerRecord& record) {
  json::array metrics;
  if (!record.reading) return metrics;
  for (const scaling::MetricReading& metric : record.reading->metrics) {
    json::object one{{"name", metric.name}};
    one["value"] = metric.value ? json::value(*metric.value) : json::value(nullptr);
    one["measured"] = or_null(metric.measured);
    one["why_counted"] = metric.why_counted;
    one["unknown"] = metric.value ? std::string() : metric.value.error();
    metrics.push_back(std::move(one));
  }
  return metrics;
}

}  // namespace

json::object scaled_objects_json(const ScaledObjects& objects, std::int64_t now_ms) {
  json::array triggers;
  for (const auto& [key, record] : objects.records()) {
    json::array topics;
    for (const std::string& topic : record.topics) topics.push_back(json::value(topic));
    json::array history;
    for (const Sample& sample : record.history) history.push_back(json::array{sample.at_ms, or_null(sample.lag)});
    triggers.push_back(json::object{
        {"namespace", record.namespace_},
        {"name", record.name},
        {"topics", std::move(topics)},
        {"consumer_group", record.consumer_group},
        {"lag_threshold", record.lag_threshold},
        {"lag_seconds_threshold", or_null(record.lag_seconds_threshold)},
        {"active", record.reading ? or_null(record.reading->active) : json::value(nullptr)},
        {"metrics", metrics_of(record)},
        {"error", record.last_error},
        {"newest_error", record.newest_error},
        {"newest_error_at_ms",
         record.last_error_at_ms == 0 ? json::value(nullptr) : json::value(record.last_error_at_ms)},
        {"asked_at_ms", record.asked_at_ms},
        {"asked", record.asked},
        {"pushes", record.pushes},
        {"history", std::move(history)},
    });
  }
  return {{"now_ms", now_ms}, {"triggers", std::move(triggers)}};
}

}  // namespace gantry::scaler
