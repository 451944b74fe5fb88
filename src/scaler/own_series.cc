#include "scaler/own_series.h"

#include "prometheus/text_writer.h"
#include "triggers/trigger_value.h"

namespace gantry::scaler {

using prometheus::SeriesType;

namespace {
constexpr std::size_t kTextBytesMax = 16 << 20;
}

std::string own_series(const ScaledObjects& objects, const OwnCounts& counts) {
  prometheus::TextWriter writer(kTextBytesMax);
  const auto single = [&](const char* name, const char* help, std::size_t value) {
    writer.family(name, SeriesType::gauge, help);
    writer.sample("", value);
  };
  single("gantry_scaler_triggers", "Triggers that were asked about in the last 15 minutes.", objects.records().size());
  single("gantry_scaler_watched_triggers", "Triggers watched for their first message.", counts.watched);
  single("gantry_scaler_clusters", "RocketMQ clusters connected.", counts.clusters);
  single("gantry_scaler_grpc_calls_open", "gRPC calls open, streams included.", counts.calls);

  const auto each = [&](const char* name, SeriesType type, const char* help, const auto& value) {
    writer.family(name, type, help);
    for (const auto& [key, record] : objects.records()) {
      const std::optional<double> number = value(record);
      if (!number) continue;
      const std::string topics = fmt::format("{}", fmt::join(record.topics, ","));
      writer.sample(prometheus::labels({{"namespace", record.namespace_},
                                        {"name", record.name},
                                        {"topics", topics},
                                        {"group", record.consumer_group},
                                        {"name_servers", record.cluster()}}),
                    *number);
    }
  };
  const auto metric = [](std::string_view name) {
    return [name](const TriggerRecord& record) { return record.value_of(name); };
  };
  each("gantry_scaler_trigger_lag_messages", SeriesType::gauge,
       "Lag as measured: messages that the group has not consumed, whatever the trigger's options make of them.",
       [](const TriggerRecord& record) { return record.measured_of(triggers::kLagMetric); });
  each("gantry_scaler_trigger_value_messages", SeriesType::gauge,
       "Messages as told to KEDA: with retries, and at most queues x lagThreshold for classic consumers.",
       metric(triggers::kLagMetric));
  each("gantry_scaler_trigger_lag_seconds", SeriesType::gauge, "Age of the oldest message, as told to KEDA.",
       metric(triggers::kLagSecondsMetric));
  each("gantry_scaler_trigger_lag_threshold_messages", SeriesType::gauge, "Messages a replica: lagThreshold.",
       [](const TriggerRecord& record) -> std::optional<double> {
         if (record.lag_threshold == 0) return std::nullopt;  // its metadata could not be read
         return record.lag_threshold;
       });
  each("gantry_scaler_trigger_active", SeriesType::gauge, "1: active at the last question, 0: not.",
       [](const TriggerRecord& record) -> std::optional<double> {
         if (!record.reading || !record.reading->active) return std::nullopt;
         return *record.reading->active ? 1 : 0;
       });
  each("gantry_scaler_trigger_up", SeriesType::gauge,
       "1: all that the last question needs is known, 0: KEDA gets an error.",
       [](const TriggerRecord& record) -> std::optional<double> {
         if (record.asked_at_ms == 0) return std::nullopt;  // only a stream was opened
         return record.last_error.empty() ? 1 : 0;
       });
  each("gantry_scaler_trigger_questions_total", SeriesType::counter, "Questions of KEDA about the trigger.",
       [](const TriggerRecord& record) { return std::optional(static_cast<double>(record.asked)); });
  each("gantry_scaler_trigger_errors_total", SeriesType::counter,
       "Of these questions, those to which not everything was known: KEDA got an error.",
       [](const TriggerRecord& record) { return std::optional(static_cast<double>(record.failed)); });
  return writer.take();
}

}  // namespace gantry::scaler
