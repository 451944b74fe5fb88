#include "scaler/scaled_objects.h"

#include <algorithm>

#include "triggers/trigger_value.h"

namespace gantry::scaler {
namespace {

constexpr std::size_t kIdOfClusterMax = 255;  // characters of its name servers

// Where the metadata was not understood, the record bears the names that were given: once mended it is the same trigger.
std::string raw(const ScaledObjectRef& ref, const char* key) {
  const auto found = ref.metadata.find(key);
  return found == ref.metadata.end() ? std::string() : found->second.substr(0, 255);
}

std::string raw_topics(const ScaledObjectRef& ref) {
  std::string topics = raw(ref, "topics");
  return topics.empty() ? raw(ref, "topic") : topics;
}

// `name_servers`: as they are written, or a trigger's list.
std::string cluster_id(const auto& name_servers) {
  return triggers::normal_name_servers(name_servers).substr(0, kIdOfClusterMax);
}

std::string id_of(const ScaledObjectRef& ref, const kube::RocketmqTriggerMetadata* trigger) {
  if (trigger != nullptr) {
    return fmt::format("{}/{}@{}", trigger->consumer_group, fmt::join(trigger->topics, ","),
                       cluster_id(trigger->name_servers));
  }
  const auto servers = ref.metadata.find("nameServers");
  return fmt::format("{}/{}@{}", raw(ref, "consumerGroup"), raw_topics(ref),
                     servers == ref.metadata.end() ? std::string() : cluster_id(servers->second));
}

// Why a metric is unknown says more than the answer to one question, and is the same for all of them.
std::string reason_of(const Result<triggers::TriggerRead>* read, std::string answered) {
  if (read == nullptr || !*read) return answered;
  for (const scaling::MetricReading& metric : (*read)->value.metrics) {
    if (metric.value) continue;
    return metric.name == triggers::kLagMetric ? metric.value.error()
                                               : fmt::format("{}: {}", metric.name, metric.value.error());
  }
  return answered;
}

void describe(TriggerRecord& record, const kube::RocketmqTriggerMetadata& trigger) {
  record.topics = trigger.topics;
  record.consumer_group = trigger.consumer_group;
  record.lag_threshold = static_cast<double>(trigger.lag_threshold);
  record.lag_seconds_threshold = trigger.lag_seconds_threshold;
}

// A group that never consumed looks the same whether it is new or its name is wrong: an error it is not, but somebody
// who wonders has to be told.
std::string notice_of(const std::string& group, const std::vector<Result<lag::LagReading>>& readings) {
  bool never = false;
  for (const auto& reading : readings) {
    if (!reading || reading->consumers.value_or(0) > 0) return {};
    for (const lag::QueueReading& queue : reading->queues) {
      if (!queue.never_committed && queue.broker_offset != 0) return {};
      never |= queue.never_committed;
    }
  }
  if (!never) return {};
  return fmt::format(
      "group {} has never committed an offset here, and no consumer of it is connected: a new group, or is the name "
      "wrong? (gantry group list)",
      group);
}

void keep_largest(std::optional<float>& kept, std::optional<float> value) {
  if (value) kept = std::max(*value, kept.value_or(0));
}

std::int64_t patience_ms(const TriggerRecord& record, std::int64_t least_ms) {
  return std::max(least_ms, 3 * record.ask_interval_ms);
}

}  // namespace

std::optional<double> TriggerRecord::value_of(std::string_view metric) const {
  const scaling::MetricReading* found = find(metric);
  return found != nullptr && found->value ? std::optional(*found->value) : std::nullopt;
}

std::optional<double> TriggerRecord::measured_of(std::string_view metric) const {
  const scaling::MetricReading* found = find(metric);
  if (found == nullptr || !found->value) return std::nullopt;
  return found->measured ? found->measured : std::optional(*found->value);
}

TriggerState state_of(const TriggerRecord& record, std::int64_t now_ms) {
  const bool waits = record.streams > 0 && record.asked_at_ms > 0;
  if (!waits && now_ms - record.asked_at_ms > patience_ms(record, ScaledObjects::kQuietAfterMs))
    return TriggerState::not_asked;
  if (!record.last_error.empty() || !record.reading) return TriggerState::error;
  return record.reading->active.value_or(false) ? TriggerState::active : TriggerState::idle;
}

TriggerRecord* ScaledObjects::find(const ScaledObjectRef& ref, const kube::RocketmqTriggerMetadata* trigger) {
  Key key{ref.namespace_, ref.name, id_of(ref, trigger)};
  if (auto found = records_.find(key); found != records_.end()) return &found->second;
  if (trigger != nullptr) forget_mended(key);
  if (records_.size() >= kTriggersMax) return nullptr;
  TriggerRecord& record = records_[key];
  std::tie(record.namespace_, record.name, record.id) = std::move(key);
  return &record;
}

// Of the same topics and group, and never understood: its name servers are mended now.
void ScaledObjects::forget_mended(const Key& key) {
  const auto& [namespace_, name, id] = key;
  const std::string prefix = id.substr(0, id.find('@') + 1);
  auto it = records_.lower_bound({namespace_, name, prefix});
  while (it != records_.end() && it->second.namespace_ == namespace_ && it->second.name == name &&
         it->second.id.starts_with(prefix)) {
    it = it->second.lag_threshold == 0 ? records_.erase(it) : std::next(it);
  }
}

void ScaledObjects::forget_replaced(const TriggerRecord& by) {
  auto it = records_.lower_bound({by.namespace_, by.name, std::string()});
  for (std::size_t seen = 0; seen < kSiblingsMax && it != records_.end(); ++seen) {
    const TriggerRecord& record = it->second;
    if (record.namespace_ != by.namespace_ || record.name != by.name) return;
    const std::int64_t polls_ms = 2 * std::max(record.ask_interval_ms, by.ask_interval_ms);
    // asked about once only, nobody knows its rhythm: the HPA may ask about others far more often
    const bool replaced = &record != &by && record.streams == 0 && record.ask_interval_ms > 0 &&
                          record.first_asked_at_ms < by.first_asked_at_ms &&
                          by.asked_at_ms - record.asked_at_ms > std::max(kReplacedAfterMs, polls_ms);
    it = replaced ? records_.erase(it) : std::next(it);
  }
}

ScaledObjects::Change ScaledObjects::record(const ScaledObjectRef& ref, const kube::RocketmqTriggerMetadata* trigger,
                                            const Result<triggers::TriggerRead>* read, std::string error,
                                            std::int64_t now_ms) {
  TriggerRecord* record = find(ref, trigger);
  if (record == nullptr) return Change::none;
  const bool failed = !record->last_error.empty();
  constexpr std::int64_t kOnePollMs = 1'000;  // its questions come together
  if (record->asked_at_ms > 0 && now_ms - record->asked_at_ms > kOnePollMs)
    record->ask_interval_ms = now_ms - record->asked_at_ms;
  record->asked_at_ms = now_ms;
  if (record->first_asked_at_ms == 0) record->first_asked_at_ms = now_ms;
  ++record->asked;
  forget_replaced(*record);
  if (trigger != nullptr) {
    describe(*record, *trigger);
  } else if (record->lag_threshold == 0) {
    record->consumer_group = raw(ref, "consumerGroup");
    record->topics.clear();
    if (std::string topics = raw_topics(ref); !topics.empty()) record->topics = {std::move(topics)};
  }
  record->reading.reset();
  record->notice.clear();
  if (read != nullptr && *read) {
    record->reading = (*read)->value;
    record->notice = notice_of(record->consumer_group, (*read)->readings);
  }
  error = reason_of(read, std::move(error));
  if (error.size() > kErrorCharsMax) error = error.substr(0, kErrorCharsMax) + " ...";
  if (!error.empty()) {
    record->last_error_at_ms = now_ms;
    record->newest_error = error;
    ++record->failed;
  }
  record->last_error = std::move(error);
  const std::optional<float> lag = record->value_of(triggers::kLagMetric);
  const std::optional<float> measured = record->measured_of(triggers::kLagMetric);
  const std::optional<float> seconds = record->value_of(triggers::kLagSecondsMetric);
  if (record->history.empty() || now_ms - record->history.back().at_ms >= kHistoryStepMs) {
    if (record->history.size() >= kHistoryMax) record->history.pop_front();
    record->history.push_back({now_ms, lag, measured, seconds});
  } else {
    keep_largest(record->history.back().lag, lag);
    keep_largest(record->history.back().measured, measured);
    keep_largest(record->history.back().lag_seconds, seconds);
  }
  if (failed == !record->last_error.empty()) return Change::none;
  return failed ? Change::well : Change::fails;
}

void ScaledObjects::pushes(const ScaledObjectRef& ref, const kube::RocketmqTriggerMetadata& trigger, bool open) {
  TriggerRecord* record = find(ref, &trigger);
  if (record == nullptr) return;
  if (open) {
    ++record->streams;
    describe(*record, trigger);
  } else if (record->streams > 0) {  // opened before there was room for its record
    --record->streams;
  }
}

void ScaledObjects::forget_old(std::int64_t now_ms) {
  std::erase_if(records_, [&](const auto& entry) {
    const TriggerRecord& record = entry.second;
    return record.streams == 0 && now_ms - record.asked_at_ms > patience_ms(record, kForgetAfterMs);
  });
}

}  // namespace gantry::scaler
