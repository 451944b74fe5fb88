#include "scaler/scaled_objects.h"

namespace gantry::scaler {

TriggerRecord* ScaledObjects::find(const ScaledObjectRef& ref, const kube::RocketmqTriggerMetadata* trigger) {
  std::string which;
  if (trigger != nullptr) which = fmt::format("{}/{}", trigger->consumer_group, fmt::join(trigger->topics, ","));
  Key key{ref.namespace_, ref.name, std::move(which)};
  if (auto found = records_.find(key); found != records_.end()) return &found->second;
  if (records_.size() >= kTriggersMax) return nullptr;
  TriggerRecord& record = records_[std::move(key)];
  record.namespace_ = ref.namespace_;
  record.name = ref.name;
  return &record;
}

void ScaledObjects::record(const ScaledObjectRef& ref, const kube::RocketmqTriggerMetadata* trigger,
                           const Result<triggers::TriggerRead>* read, std::string error, std::int64_t now_ms) {
  TriggerRecord* record = find(ref, trigger);
  if (record == nullptr) return;
  record->asked_at_ms = now_ms;
  ++record->asked;
  if (trigger != nullptr) {
    record->topics = trigger->topics;
    record->consumer_group = trigger->consumer_group;
    record->lag_threshold = static_cast<double>(trigger->lag_threshold);
    record->lag_seconds_threshold = trigger->lag_seconds_threshold;
  }
  std::optional<double> lag;
  record->reading.reset();
  if (read != nullptr && *read) {
    record->reading = (*read)->value;
    const auto& metrics = (*read)->value.metrics;
    if (!metrics.empty() && metrics.front().value) lag = *metrics.front().value;
  }
  if (!error.empty()) {
    record->last_error_at_ms = now_ms;
    record->newest_error = error;
  }
  record->last_error = std::move(error);
  if (record->history.empty() || now_ms - record->history.back().at_ms >= kHistoryStepMs) {
    if (record->history.size() >= kHistoryMax) record->history.pop_front();
    record->history.push_back({now_ms, lag});
  } else if (lag) {
    record->history.back().lag = std::max(lag.value(), record->history.back().lag.value_or(0));
  }
}

void ScaledObjects::pushes(const ScaledObjectRef& ref, const kube::RocketmqTriggerMetadata& trigger, bool open) {
  if (TriggerRecord* record = find(ref, &trigger)) record->pushes = open;
}

void ScaledObjects::forget_old(std::int64_t now_ms) {
  std::erase_if(records_, [&](const auto& entry) {
    return !entry.second.pushes && now_ms - entry.second.asked_at_ms > kForgetAfterMs;
  });
}

}  // namespace gantry::scaler
