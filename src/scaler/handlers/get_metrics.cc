#include <algorithm>
#include <cmath>

#include "scaler/handlers/handlers.h"
#include "triggers/trigger_value.h"

namespace gantry::scaler {

boost::asio::awaitable<Result<double>> get_metrics(Questions& questions, ScaledObjectRef ref, std::string metric_name) {
  auto trigger = parse_trigger(questions, ref);
  if (!trigger) co_return std::unexpected(trigger.error());
  const auto specs = triggers::metric_specs(*trigger);
  if (std::ranges::none_of(specs, [&](const auto& spec) { return spec.name == metric_name; })) {
    co_return fail(Errc::invalid_argument, "metricName: expected one of {}, {} (with lagSecondsThreshold), got \"{}\"",
                   triggers::kLagMetric, triggers::kLagSecondsMetric, metric_name);
  }
  const auto read = co_await questions.reader->read(*trigger);
  Result<double> value = fail(Errc::internal, "{} is not among what was read", metric_name);
  if (!read) {
    value = std::unexpected(read.error());
  } else if (const scaling::MetricReading* metric = read->value.find(metric_name)) {
    if (!metric->value) {
      value = fail(Errc::unavailable, "{} of {}/{} is unknown: {}", metric_name, ref.namespace_, ref.name,
                   metric->value.error());
    } else if (!std::isfinite(*metric->value) || *metric->value < 0) {
      value =
          fail(Errc::internal, "{} of {}/{} is no number: {}", metric_name, ref.namespace_, ref.name, *metric->value);
    } else {
      value = *metric->value;
    }
  }
  record(questions, ref, &*trigger, &read, value ? std::string() : value.error().message);
  co_return value;
}

}  // namespace gantry::scaler
