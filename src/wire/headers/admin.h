// Headers of administration: topics (17, 206, 215, 216, 224, 351), statistics (202, 208, 303), offsets (220, 222),
// messages by id, key and queue (12, 33, 321), transactions (39). Rule: the classes of the same names in
// org.apache.rocketmq.remoting.protocol.header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wire/fields.h"

namespace gantry::wire {

struct CreateTopicRequestHeader {
  std::string topic;
  std::string default_topic;
  std::int32_t read_queue_nums = 0;
  std::int32_t write_queue_nums = 0;
  std::int32_t perm = 0;
  std::string topic_filter_type;
  std::optional<std::int32_t> topic_sys_flag;
  bool order = false;
  std::optional<std::string> attributes;
  std::optional<bool> force;

  static constexpr auto table() {
    return std::tuple{field("topic", &CreateTopicRequestHeader::topic),
                      field("defaultTopic", &CreateTopicRequestHeader::default_topic),
                      field("readQueueNums", &CreateTopicRequestHeader::read_queue_nums),
                      field("writeQueueNums", &CreateTopicRequestHeader::write_queue_nums),
                      field("perm", &CreateTopicRequestHeader::perm),
                      field("topicFilterType", &CreateTopicRequestHeader::topic_filter_type),
                      field("topicSysFlag", &CreateTopicRequestHeader::topic_sys_flag),
                      field("order", &CreateTopicRequestHeader::order),
                      field("attributes", &CreateTopicRequestHeader::attributes),
                      field("force", &CreateTopicRequestHeader::force)};
  }
};

// DELETE_TOPIC_IN_BROKER.
struct DeleteTopicRequestHeader {
  std::string topic;

  static constexpr auto table() { return std::tuple{field("topic", &DeleteTopicRequestHeader::topic)}; }
};

struct DeleteTopicFromNamesrvRequestHeader {
  std::string topic;
  std::optional<std::string> cluster_name;

  static constexpr auto table() {
    return std::tuple{field("topic", &DeleteTopicFromNamesrvRequestHeader::topic),
                      field("clusterName", &DeleteTopicFromNamesrvRequestHeader::cluster_name)};
  }
};

struct GetTopicConfigRequestHeader {
  std::string topic;
  std::optional<bool> lo;

  static constexpr auto table() {
    return std::tuple{field("topic", &GetTopicConfigRequestHeader::topic),
                      field("lo", &GetTopicConfigRequestHeader::lo)};
  }
};

struct GetTopicsByClusterRequestHeader {
  std::string cluster;

  static constexpr auto table() { return std::tuple{field("cluster", &GetTopicsByClusterRequestHeader::cluster)}; }
};

struct GetTopicStatsInfoRequestHeader {
  std::string topic;

  static constexpr auto table() { return std::tuple{field("topic", &GetTopicStatsInfoRequestHeader::topic)}; }
};

// topic_list: names joined by ';'; without either, all topics of the group.
struct GetConsumeStatsRequestHeader {
  std::string consumer_group;
  std::optional<std::string> topic;
  std::optional<std::string> topic_list;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &GetConsumeStatsRequestHeader::consumer_group),
                      field("topic", &GetConsumeStatsRequestHeader::topic),
                      field("topicList", &GetConsumeStatsRequestHeader::topic_list)};
  }
};

struct QueryConsumeTimeSpanRequestHeader {
  std::string topic;
  std::string group;

  static constexpr auto table() {
    return std::tuple{field("topic", &QueryConsumeTimeSpanRequestHeader::topic),
                      field("group", &QueryConsumeTimeSpanRequestHeader::group)};
  }
};

// timestamp -1: to the newest. queue_id -1 and no offset: all queues by time.
struct ResetOffsetRequestHeader {
  std::string group;
  std::string topic;
  std::int32_t queue_id = -1;
  std::optional<std::int64_t> offset;
  std::int64_t timestamp_ms = 0;
  bool is_force = false;

  static constexpr auto table() {
    return std::tuple{field("group", &ResetOffsetRequestHeader::group),
                      field("topic", &ResetOffsetRequestHeader::topic),
                      field_or("queueId", &ResetOffsetRequestHeader::queue_id),
                      field("offset", &ResetOffsetRequestHeader::offset),
                      field("timestamp", &ResetOffsetRequestHeader::timestamp_ms),
                      field("isForce", &ResetOffsetRequestHeader::is_force)};
  }
};

struct GetConsumerStatusRequestHeader {
  std::string topic;
  std::string group;
  std::optional<std::string> client_addr;

  static constexpr auto table() {
    return std::tuple{field("topic", &GetConsumerStatusRequestHeader::topic),
                      field("group", &GetConsumerStatusRequestHeader::group),
                      field("clientAddr", &GetConsumerStatusRequestHeader::client_addr)};
  }
};

// unique_key_query: the key is a unique message id.
struct QueryMessageRequestHeader {
  std::string topic;
  std::string key;
  std::int32_t max_messages = 0;
  std::int64_t begin_timestamp_ms = 0;
  std::int64_t end_timestamp_ms = 0;
  std::optional<bool> unique_key_query;

  static constexpr auto table() {
    return std::tuple{field("topic", &QueryMessageRequestHeader::topic),
                      field("key", &QueryMessageRequestHeader::key),
                      field("maxNum", &QueryMessageRequestHeader::max_messages),
                      field("beginTimestamp", &QueryMessageRequestHeader::begin_timestamp_ms),
                      field("endTimestamp", &QueryMessageRequestHeader::end_timestamp_ms),
                      field("_UNIQUE_KEY_QUERY", &QueryMessageRequestHeader::unique_key_query)};
  }
};

struct QueryMessageResponseHeader {
  std::int64_t index_last_update_timestamp_ms = 0;
  std::int64_t index_last_update_physical_offset = 0;

  static constexpr auto table() {
    return std::tuple{
        field("indexLastUpdateTimestamp", &QueryMessageResponseHeader::index_last_update_timestamp_ms),
        field("indexLastUpdatePhyoffset", &QueryMessageResponseHeader::index_last_update_physical_offset)};
  }
};

// offset is the physical offset that the offset message id holds.
// index: the first queue offset that is wanted.
struct QueryConsumeQueueRequestHeader {
  std::string topic;
  std::int32_t queue_id = 0;
  std::int64_t index = 0;
  std::int32_t count = 0;
  std::optional<std::string> consumer_group;

  static constexpr auto table() {
    return std::tuple{field("topic", &QueryConsumeQueueRequestHeader::topic),
                      field("queueId", &QueryConsumeQueueRequestHeader::queue_id),
                      field("index", &QueryConsumeQueueRequestHeader::index),
                      field("count", &QueryConsumeQueueRequestHeader::count),
                      field("consumerGroup", &QueryConsumeQueueRequestHeader::consumer_group)};
  }
};

struct ViewMessageRequestHeader {
  std::optional<std::string> topic;
  std::int64_t offset = 0;

  static constexpr auto table() {
    return std::tuple{field("topic", &ViewMessageRequestHeader::topic),
                      field("offset", &ViewMessageRequestHeader::offset)};
  }
};

struct CheckTransactionStateRequestHeader {
  std::optional<std::string> topic;
  std::int64_t tran_state_table_offset = 0;
  std::int64_t commit_log_offset = 0;
  std::optional<std::string> msg_id;
  std::optional<std::string> transaction_id;
  std::optional<std::string> offset_msg_id;

  static constexpr auto table() {
    return std::tuple{field("topic", &CheckTransactionStateRequestHeader::topic),
                      field("tranStateTableOffset", &CheckTransactionStateRequestHeader::tran_state_table_offset),
                      field("commitLogOffset", &CheckTransactionStateRequestHeader::commit_log_offset),
                      field("msgId", &CheckTransactionStateRequestHeader::msg_id),
                      field("transactionId", &CheckTransactionStateRequestHeader::transaction_id),
                      field("offsetMsgId", &CheckTransactionStateRequestHeader::offset_msg_id)};
  }
};

struct CloneGroupOffsetRequestHeader {
  std::string src_group;
  std::string dest_group;
  std::optional<std::string> topic;
  bool offline = false;

  static constexpr auto table() {
    return std::tuple{field("srcGroup", &CloneGroupOffsetRequestHeader::src_group),
                      field("destGroup", &CloneGroupOffsetRequestHeader::dest_group),
                      field("topic", &CloneGroupOffsetRequestHeader::topic),
                      field_or("offline", &CloneGroupOffsetRequestHeader::offline)};
  }
};

struct GetBrokerConfigResponseHeader {
  std::string version;

  static constexpr auto table() { return std::tuple{field("version", &GetBrokerConfigResponseHeader::version)}; }
};

struct ViewBrokerStatsDataRequestHeader {
  std::string stats_name;
  std::string stats_key;

  static constexpr auto table() {
    return std::tuple{field("statsName", &ViewBrokerStatsDataRequestHeader::stats_name),
                      field("statsKey", &ViewBrokerStatsDataRequestHeader::stats_key)};
  }
};

struct ConsumeMessageDirectlyResultRequestHeader {
  std::string consumer_group;
  std::optional<std::string> client_id;
  std::optional<std::string> msg_id;
  std::optional<std::string> broker_name;
  std::optional<std::string> topic;
  std::optional<std::int32_t> topic_sys_flag;
  std::optional<std::int32_t> group_sys_flag;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &ConsumeMessageDirectlyResultRequestHeader::consumer_group),
                      field("clientId", &ConsumeMessageDirectlyResultRequestHeader::client_id),
                      field("msgId", &ConsumeMessageDirectlyResultRequestHeader::msg_id),
                      field("brokerName", &ConsumeMessageDirectlyResultRequestHeader::broker_name),
                      field("topic", &ConsumeMessageDirectlyResultRequestHeader::topic),
                      field("topicSysFlag", &ConsumeMessageDirectlyResultRequestHeader::topic_sys_flag),
                      field("groupSysFlag", &ConsumeMessageDirectlyResultRequestHeader::group_sys_flag)};
  }
};

}  // namespace gantry::wire
