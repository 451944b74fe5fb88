// What KEDA asks an external scaler, each question in a file of its own. On the scaler's thread; the wire is
// external_scaler.h's. What is unknown is an error, never a number: KEDA takes NaN, infinities and negatives for 0.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "kube/rocketmq_trigger.h"
#include "net/log_limit.h"
#include "scaler/scaled_objects.h"
#include "scaling/spec.h"
#include "triggers/trigger_reader.h"

namespace gantry::scaler {

struct Questions {
  std::shared_ptr<triggers::TriggerReader> reader;
  std::shared_ptr<ScaledObjects> objects;
  net::LogLimit log_limit{std::chrono::milliseconds(100)};
};

// Records what became of a question, for the page; the log hears when a trigger begins to fail, and when it is well again.
// As ScaledObjects::record.
void record(Questions& questions, const ScaledObjectRef& ref, const kube::RocketmqTriggerMetadata* trigger,
            const Result<triggers::TriggerRead>* read, const std::string& error);

// The trigger that the metadata describes; invalid_argument names every option that is wrong, its value and what is
// allowed. Recorded, so that the page shows it.
Result<kube::RocketmqTriggerMetadata> parse_trigger(Questions& questions, const ScaledObjectRef& ref);

// GetMetricSpec: no cluster is asked, so that a broker that is down does not take the HPA's metrics away.
Result<std::vector<scaling::MetricSpec>> get_metric_spec(Questions& questions, const ScaledObjectRef& ref);

// GetMetrics. invalid_argument: the trigger has no such metric. unavailable: the value is unknown, and why.
boost::asio::awaitable<Result<double>> get_metrics(Questions& questions, ScaledObjectRef ref, std::string metric_name);

// IsActive. unavailable: unknown, and why.
boost::asio::awaitable<Result<bool>> is_active(Questions& questions, ScaledObjectRef ref);

}  // namespace gantry::scaler
