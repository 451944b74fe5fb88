// What the scaler knows of the ScaledObjects that KEDA asks it about: their triggers, the last answers and errors, a
// short history. For the page; answers do not depend on it. One that nobody asks about any more is forgotten. Lives on
// the thread of its io_context.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kube/rocketmq_trigger.h"
#include "triggers/trigger_reader.h"

namespace gantry::scaler {

// ScaledObjectRef of the wire, and what names the trigger inside it.
struct ScaledObjectRef {
  std::string name;
  std::string namespace_;
  std::map<std::string, std::string> metadata;
};

// For a chart: seven digits are enough. What is unknown is empty.
struct Sample {
  std::int64_t at_ms = 0;            // epoch
  std::optional<float> lag;          // messages as told to KEDA, the largest since the sample before
  std::optional<float> measured;     // the lag as it was measured
  std::optional<float> lag_seconds;  // empty also without lagSecondsThreshold
};

struct TriggerRecord {
  std::string namespace_;
  std::string name;
  std::string id;  // of the trigger in its object: "group/topic,topic@nameserver:port;nameserver:port"
  std::vector<std::string> topics;
  std::string consumer_group;
  double lag_threshold = 0;  // 0: its metadata was never understood
  std::optional<double> lag_seconds_threshold;
  std::optional<scaling::TriggerReading> reading;  // the last one, with its unknowns
  std::string last_error;             // of the last question: why not everything could be answered; empty: it could
  std::int64_t last_error_at_ms = 0;  // of the newest error, also when it is over; 0: never
  std::string newest_error;
  std::string notice;            // of the last reading: what may be a mistake, and may be as it should; empty: nothing
  std::int64_t asked_at_ms = 0;  // 0: never, only a stream was opened
  std::int64_t ask_interval_ms = 0;  // between the last two polls; 0: not known
  std::int64_t first_asked_at_ms = 0;
  std::uint64_t asked = 0;
  std::uint64_t failed = 0;   // of these, those with an error
  std::uint32_t streams = 0;  // StreamIsActive that are open: one, and two while KEDA changes over
  std::deque<Sample> history;

  // Its name servers, as in its id: an object may read the same topic and group in two clusters.
  std::string_view cluster() const { return std::string_view(id).substr(std::min(id.find('@') + 1, id.size())); }

  // Of the last reading; null: it has no such metric, or there was none.
  const scaling::MetricReading* find(std::string_view metric) const {
    return reading ? reading->find(metric) : nullptr;
  }
  std::optional<double> value_of(std::string_view metric) const;     // as told to KEDA; empty: unknown
  std::optional<double> measured_of(std::string_view metric) const;  // empty: unknown
};

// What the page tells first, and sorts by.
enum class TriggerState { error, active, idle, not_asked };

// error: the last question, or a part of it, could not be answered. not_asked: not yet, or not for so long that KEDA has
// forgotten it, or somebody has deleted it.
TriggerState state_of(const TriggerRecord& record, std::int64_t now_ms);

class ScaledObjects {
 public:
  static constexpr std::size_t kTriggersMax = 10'000;  // further ones are served, and not recorded
  static constexpr std::size_t kHistoryMax = 120;
  static constexpr std::int64_t kHistoryStepMs = 5'000;
  static constexpr std::int64_t kQuietAfterMs = 180'000;   // or three polls, if they are rarer: TriggerState::not_asked
  static constexpr std::int64_t kForgetAfterMs = 900'000;  // the same
  static constexpr std::int64_t kReplacedAfterMs = 30'000;  // or two polls, if they are rarer
  static constexpr std::size_t kSiblingsMax = 100;          // triggers of one object that are looked at at a question
  static constexpr std::size_t kErrorCharsMax = 2'000;      // of one that is kept

  // One per trigger: an object may have several of ours, told apart by topics, group and cluster.
  using Key = std::tuple<std::string, std::string, std::string>;  // namespace, name, id

  enum class Change { none, fails, well };  // since the question before: whether it is answered

  // Records a question about a trigger, and what became of it. `read` may be null: the trigger could not be parsed, the
  // error says why. Forgets the triggers of the same object that this one has replaced: nothing in a question names the
  // trigger, so one with other metadata is another; but KEDA polls all triggers of an object together, and one that is
  // no longer asked about while another that came after it is, was edited or taken out.
  Change record(const ScaledObjectRef& ref, const kube::RocketmqTriggerMetadata* trigger,
                const Result<triggers::TriggerRead>* read, std::string error, std::int64_t now_ms);
  void pushes(const ScaledObjectRef& ref, const kube::RocketmqTriggerMetadata& trigger, bool open);

  const std::map<Key, TriggerRecord>& records() const { return records_; }
  void forget_old(std::int64_t now_ms);

 private:
  TriggerRecord* find(const ScaledObjectRef& ref, const kube::RocketmqTriggerMetadata* trigger);
  void forget_mended(const Key& key);
  void forget_replaced(const TriggerRecord& by);

  std::map<Key, TriggerRecord> records_;
};

}  // namespace gantry::scaler
