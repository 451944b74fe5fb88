// What a broker holds back until its delivery time: the bodies of GET_TIMER_METRICS (61) and GET_ALL_DELAY_OFFSET (45).
// Rule: org.apache.rocketmq.store.timer.TimerMetrics and org.apache.rocketmq.broker.schedule.ScheduleMessageService.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "wire/bodies/topic.h"
#include "wire/body.h"

namespace gantry::wire {

struct TimerMetric {
  std::int64_t count = 0;
  std::int64_t timestamp_ms = 0;  // of the last change, by the broker's clock

  static constexpr auto table() {
    return std::tuple{field("count", &TimerMetric::count), field_or("timeStamp", &TimerMetric::timestamp_ms)};
  }
  bool operator==(const TimerMetric&) const = default;
};

// By the topic that the messages are for. A topic that never had one is not there.
struct TimerMetrics {
  DataVersion data_version;
  std::map<std::string, TimerMetric> timing_count;

  static constexpr auto table() {
    return std::tuple{field_or("dataVersion", &TimerMetrics::data_version),
                      field_or("timingCount", &TimerMetrics::timing_count)};
  }
  bool operator==(const TimerMetrics&) const = default;
};

// Delay level (1 is the first) to the queue offset of the next message to be delivered, in queue level - 1 of
// SCHEDULE_TOPIC_XXXX. A level that nothing was ever sent with may be missing.
struct DelayOffsets {
  DataVersion data_version;
  std::map<std::int32_t, std::int64_t> offset_table;

  static constexpr auto table() {
    return std::tuple{field_or("dataVersion", &DelayOffsets::data_version),
                      field_or("offsetTable", &DelayOffsets::offset_table)};
  }
  bool operator==(const DelayOffsets&) const = default;
};

}  // namespace gantry::wire
