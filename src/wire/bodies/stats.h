// Positions of queues and groups: the bodies of GET_TOPIC_STATS_INFO (202), GET_CONSUME_STATS (208) and
// QUERY_CONSUME_TIME_SPAN (303). Rule: org.apache.rocketmq.remoting.protocol.admin and body.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "wire/bodies/message_queue.h"
#include "wire/body.h"

namespace gantry::wire {

struct TopicOffset {
  std::int64_t last_update_timestamp_ms = 0;
  std::int64_t max_offset = 0;
  std::int64_t min_offset = 0;

  static constexpr auto table() {
    return std::tuple{field_or("lastUpdateTimestamp", &TopicOffset::last_update_timestamp_ms),
                      field("maxOffset", &TopicOffset::max_offset), field("minOffset", &TopicOffset::min_offset)};
  }
  bool operator==(const TopicOffset&) const = default;
};

struct TopicStatsTable {
  std::map<MessageQueue, TopicOffset> offset_table;
  double topic_put_tps = 0;

  static constexpr auto table() {
    return std::tuple{field("offsetTable", &TopicStatsTable::offset_table),
                      field_or("topicPutTps", &TopicStatsTable::topic_put_tps)};
  }
  bool operator==(const TopicStatsTable&) const = default;
};

// last_timestamp_ms: store time of the last consumed message, 0 when unknown.
struct OffsetWrapper {
  std::int64_t broker_offset = 0;
  std::int64_t consumer_offset = 0;
  std::int64_t last_timestamp_ms = 0;
  std::int64_t pull_offset = 0;
  // Only our own broker says these, of groups that POP: handed out and not acknowledged; not handed out.
  std::optional<std::int64_t> pop_in_flight;
  std::optional<std::int64_t> pop_ready;

  static constexpr auto table() {
    return std::tuple{field("brokerOffset", &OffsetWrapper::broker_offset),
                      field("consumerOffset", &OffsetWrapper::consumer_offset),
                      field_or("lastTimestamp", &OffsetWrapper::last_timestamp_ms),
                      field_or("pullOffset", &OffsetWrapper::pull_offset),
                      field_or("popInFlight", &OffsetWrapper::pop_in_flight),
                      field_or("popReady", &OffsetWrapper::pop_ready)};
  }
  bool operator==(const OffsetWrapper&) const = default;
};

struct ConsumeStats {
  double consume_tps = 0;
  std::map<MessageQueue, OffsetWrapper> offset_table;

  static constexpr auto table() {
    return std::tuple{field_or("consumeTps", &ConsumeStats::consume_tps),
                      field("offsetTable", &ConsumeStats::offset_table)};
  }
  bool operator==(const ConsumeStats&) const = default;
};

// Store times (Unix) of the oldest, newest and next-to-consume message, and the delay of the group, all in ms.
struct QueueTimeSpan {
  std::int64_t consume_timestamp_ms = 0;
  std::int64_t delay_time_ms = 0;
  std::int64_t max_timestamp_ms = 0;
  MessageQueue message_queue;
  std::int64_t min_timestamp_ms = 0;

  static constexpr auto table() {
    return std::tuple{field_or("consumeTimeStamp", &QueueTimeSpan::consume_timestamp_ms),
                      field_or("delayTime", &QueueTimeSpan::delay_time_ms),
                      field_or("maxTimeStamp", &QueueTimeSpan::max_timestamp_ms),
                      field("messageQueue", &QueueTimeSpan::message_queue),
                      field_or("minTimeStamp", &QueueTimeSpan::min_timestamp_ms)};
  }
  bool operator==(const QueueTimeSpan&) const = default;
};

struct QueryConsumeTimeSpanBody {
  std::vector<QueueTimeSpan> consume_time_span_set;

  static constexpr auto table() {
    return std::tuple{field("consumeTimeSpanSet", &QueryConsumeTimeSpanBody::consume_time_span_set)};
  }
  bool operator==(const QueryConsumeTimeSpanBody&) const = default;
};

struct BrokerStatsItem {
  double avgpt = 0;
  std::int64_t sum = 0;
  double tps = 0;

  static constexpr auto table() {
    return std::tuple{field_or("avgpt", &BrokerStatsItem::avgpt), field_or("sum", &BrokerStatsItem::sum),
                      field_or("tps", &BrokerStatsItem::tps)};
  }
  bool operator==(const BrokerStatsItem&) const = default;
};

// VIEW_BROKER_STATS_DATA (315).
struct BrokerStatsData {
  BrokerStatsItem stats_day;
  BrokerStatsItem stats_hour;
  BrokerStatsItem stats_minute;

  static constexpr auto table() {
    return std::tuple{field_or("statsDay", &BrokerStatsData::stats_day),
                      field_or("statsHour", &BrokerStatsData::stats_hour),
                      field_or("statsMinute", &BrokerStatsData::stats_minute)};
  }
  bool operator==(const BrokerStatsData&) const = default;
};

}  // namespace gantry::wire
