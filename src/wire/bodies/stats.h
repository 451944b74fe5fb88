// Positions of queues and groups: the bodies of GET_TOPIC_STATS_INFO (202), GET_CONSUME_STATS (208),
// QUERY_CONSUME_TIME_SPAN (303), GET_BROKER_CONSUME_STATS (317) and QUERY_CONSUME_QUEUE (321). Rule: org.apache.rocketmq.remoting.protocol.admin and body.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "wire/bodies/heartbeat.h"
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
  // Only our own broker says these, when it is asked for one topic: messages that the group has still to consume in its
  // retry topics, that of the group and those of POP for this topic; of these, not handed out; whether one of POP exists.
  std::optional<std::int64_t> retry_messages;
  std::optional<std::int64_t> retry_ready;
  std::optional<bool> retry_of_pop;
  // Of these: in the group's own retry topic, which all its topics share.
  std::optional<std::int64_t> group_retry_messages;
  std::optional<std::int64_t> group_retry_ready;

  static constexpr auto table() {
    return std::tuple{field_or("consumeTps", &ConsumeStats::consume_tps),
                      field("offsetTable", &ConsumeStats::offset_table),
                      field_or("retryMessages", &ConsumeStats::retry_messages),
                      field_or("retryReady", &ConsumeStats::retry_ready),
                      field_or("retryOfPop", &ConsumeStats::retry_of_pop),
                      field_or("groupRetryMessages", &ConsumeStats::group_retry_messages),
                      field_or("groupRetryReady", &ConsumeStats::group_retry_ready)};
  }
  bool operator==(const ConsumeStats&) const = default;
};

// GET_BROKER_CONSUME_STATS (317). consume_stats_list: for each group, the stats of each of its topics. Differences are
// messages.
struct ConsumeStatsList {
  std::string broker_addr;
  std::vector<std::map<std::string, std::vector<ConsumeStats>>> consume_stats_list;
  std::int64_t total_diff = 0;
  std::int64_t total_inflight_diff = 0;

  static constexpr auto table() {
    return std::tuple{field_or("brokerAddr", &ConsumeStatsList::broker_addr),
                      field_or("consumeStatsList", &ConsumeStatsList::consume_stats_list),
                      field_or("totalDiff", &ConsumeStatsList::total_diff),
                      field_or("totalInflightDiff", &ConsumeStatsList::total_inflight_diff)};
  }
  bool operator==(const ConsumeStatsList&) const = default;
};

// One entry of a queue's index; physic_size in bytes.
struct ConsumeQueueData {
  std::int64_t physic_offset = 0;
  std::int32_t physic_size = 0;
  std::int64_t tags_code = 0;

  static constexpr auto table() {
    return std::tuple{field_or("physicOffset", &ConsumeQueueData::physic_offset),
                      field_or("physicSize", &ConsumeQueueData::physic_size),
                      field_or("tagsCode", &ConsumeQueueData::tags_code)};
  }
  bool operator==(const ConsumeQueueData&) const = default;
};

// QUERY_CONSUME_QUEUE (321). subscription_data: of the group that was asked for, while it is online.
struct QueryConsumeQueueResponseBody {
  std::optional<std::string> filter_data;
  std::int64_t max_queue_index = 0;
  std::int64_t min_queue_index = 0;
  std::vector<ConsumeQueueData> queue_data;
  std::optional<SubscriptionData> subscription_data;

  static constexpr auto table() {
    return std::tuple{field_or("filterData", &QueryConsumeQueueResponseBody::filter_data),
                      field_or("maxQueueIndex", &QueryConsumeQueueResponseBody::max_queue_index),
                      field_or("minQueueIndex", &QueryConsumeQueueResponseBody::min_queue_index),
                      field_or("queueData", &QueryConsumeQueueResponseBody::queue_data),
                      field_or("subscriptionData", &QueryConsumeQueueResponseBody::subscription_data)};
  }
  bool operator==(const QueryConsumeQueueResponseBody&) const = default;
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
