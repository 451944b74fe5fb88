// Clients as administrators see them: connections (203, 204), all producers (328), client ids of a group (38), running info (307) and direct
// consumption (309). Rule: org.apache.rocketmq.remoting.protocol.body.
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

struct Connection {
  std::string client_addr;
  std::string client_id;
  std::string language = "JAVA";
  std::int32_t version = 0;

  static constexpr auto table() {
    return std::tuple{field_or("clientAddr", &Connection::client_addr), field("clientId", &Connection::client_id),
                      field_or("language", &Connection::language), field_or("version", &Connection::version)};
  }
  bool operator==(const Connection&) const = default;
};

// subscription_table: by topic.
struct ConsumerConnection {
  std::vector<Connection> connection_set;
  std::string consume_from_where = "CONSUME_FROM_LAST_OFFSET";
  std::string consume_type = "CONSUME_PASSIVELY";
  std::string message_model = "CLUSTERING";
  std::map<std::string, SubscriptionData> subscription_table;

  static constexpr auto table() {
    return std::tuple{field_or("connectionSet", &ConsumerConnection::connection_set),
                      field_or("consumeFromWhere", &ConsumerConnection::consume_from_where),
                      field_or("consumeType", &ConsumerConnection::consume_type),
                      field_or("messageModel", &ConsumerConnection::message_model),
                      field_or("subscriptionTable", &ConsumerConnection::subscription_table)};
  }
  bool operator==(const ConsumerConnection&) const = default;
};

struct ProducerConnection {
  std::vector<Connection> connection_set;

  static constexpr auto table() { return std::tuple{field_or("connectionSet", &ProducerConnection::connection_set)}; }
  bool operator==(const ProducerConnection&) const = default;
};

struct ProducerInfo {
  std::string client_id;
  std::string language = "JAVA";
  std::int64_t last_update_timestamp_ms = 0;
  std::string remote_ip;
  std::int32_t version = 0;

  static constexpr auto table() {
    return std::tuple{field("clientId", &ProducerInfo::client_id), field_or("language", &ProducerInfo::language),
                      field_or("lastUpdateTimestamp", &ProducerInfo::last_update_timestamp_ms),
                      field_or("remoteIP", &ProducerInfo::remote_ip), field_or("version", &ProducerInfo::version)};
  }
  bool operator==(const ProducerInfo&) const = default;
};

// GET_ALL_PRODUCER_INFO (328): by producer group.
struct ProducerTableInfo {
  std::map<std::string, std::vector<ProducerInfo>> data;

  static constexpr auto table() { return std::tuple{field_or("data", &ProducerTableInfo::data)}; }
  bool operator==(const ProducerTableInfo&) const = default;
};

struct GetConsumerListByGroupResponseBody {
  std::vector<std::string> consumer_id_list;

  static constexpr auto table() {
    return std::tuple{field_or("consumerIdList", &GetConsumerListByGroupResponseBody::consumer_id_list)};
  }
  bool operator==(const GetConsumerListByGroupResponseBody&) const = default;
};

struct ProcessQueueInfo {
  std::int32_t cached_msg_count = 0;
  std::int64_t cached_msg_max_offset = 0;
  std::int64_t cached_msg_min_offset = 0;
  std::int32_t cached_msg_size_in_mi_b = 0;
  std::int64_t commit_offset = 0;
  bool dropped = false;
  std::int64_t last_consume_timestamp_ms = 0;
  std::int64_t last_lock_timestamp_ms = 0;
  std::int64_t last_pull_timestamp_ms = 0;
  bool locked = false;
  std::int32_t transaction_msg_count = 0;
  std::int64_t transaction_msg_max_offset = 0;
  std::int64_t transaction_msg_min_offset = 0;
  std::int64_t try_unlock_times = 0;

  static constexpr auto table() {
    return std::tuple{field_or("cachedMsgCount", &ProcessQueueInfo::cached_msg_count),
                      field_or("cachedMsgMaxOffset", &ProcessQueueInfo::cached_msg_max_offset),
                      field_or("cachedMsgMinOffset", &ProcessQueueInfo::cached_msg_min_offset),
                      field_or("cachedMsgSizeInMiB", &ProcessQueueInfo::cached_msg_size_in_mi_b),
                      field_or("commitOffset", &ProcessQueueInfo::commit_offset),
                      field_or("droped", &ProcessQueueInfo::dropped),
                      field_or("lastConsumeTimestamp", &ProcessQueueInfo::last_consume_timestamp_ms),
                      field_or("lastLockTimestamp", &ProcessQueueInfo::last_lock_timestamp_ms),
                      field_or("lastPullTimestamp", &ProcessQueueInfo::last_pull_timestamp_ms),
                      field_or("locked", &ProcessQueueInfo::locked),
                      field_or("transactionMsgCount", &ProcessQueueInfo::transaction_msg_count),
                      field_or("transactionMsgMaxOffset", &ProcessQueueInfo::transaction_msg_max_offset),
                      field_or("transactionMsgMinOffset", &ProcessQueueInfo::transaction_msg_min_offset),
                      field_or("tryUnlockTimes", &ProcessQueueInfo::try_unlock_times)};
  }
  bool operator==(const ProcessQueueInfo&) const = default;
};

struct PopProcessQueueInfo {
  bool dropped = false;
  std::int64_t last_pop_timestamp_ms = 0;
  std::int32_t wait_ack_count = 0;

  static constexpr auto table() {
    return std::tuple{field_or("droped", &PopProcessQueueInfo::dropped),
                      field_or("lastPopTimestamp", &PopProcessQueueInfo::last_pop_timestamp_ms),
                      field_or("waitAckCount", &PopProcessQueueInfo::wait_ack_count)};
  }
  bool operator==(const PopProcessQueueInfo&) const = default;
};

struct ConsumeStatus {
  std::int64_t consume_failed_msgs = 0;
  double consume_failed_tps = 0;
  double consume_ok_tps = 0;
  double consume_rt_ms = 0;
  double pull_rt_ms = 0;
  double pull_tps = 0;

  static constexpr auto table() {
    return std::tuple{field_or("consumeFailedMsgs", &ConsumeStatus::consume_failed_msgs),
                      field_or("consumeFailedTPS", &ConsumeStatus::consume_failed_tps),
                      field_or("consumeOKTPS", &ConsumeStatus::consume_ok_tps),
                      field_or("consumeRT", &ConsumeStatus::consume_rt_ms),
                      field_or("pullRT", &ConsumeStatus::pull_rt_ms),
                      field_or("pullTPS", &ConsumeStatus::pull_tps)};
  }
  bool operator==(const ConsumeStatus&) const = default;
};

struct ConsumerRunningInfo {
  std::optional<std::string> jstack;
  std::map<MessageQueue, PopProcessQueueInfo> mq_pop_table;
  std::map<MessageQueue, ProcessQueueInfo> mq_table;
  std::map<std::string, std::string> properties;
  std::map<std::string, ConsumeStatus> status_table;
  std::vector<SubscriptionData> subscription_set;
  std::map<std::string, std::string> user_consumer_info;

  static constexpr auto table() {
    return std::tuple{field_or("jstack", &ConsumerRunningInfo::jstack),
                      field_or("mqPopTable", &ConsumerRunningInfo::mq_pop_table),
                      field_or("mqTable", &ConsumerRunningInfo::mq_table),
                      field_or("properties", &ConsumerRunningInfo::properties),
                      field_or("statusTable", &ConsumerRunningInfo::status_table),
                      field_or("subscriptionSet", &ConsumerRunningInfo::subscription_set),
                      field_or("userConsumerInfo", &ConsumerRunningInfo::user_consumer_info)};
  }
  bool operator==(const ConsumerRunningInfo&) const = default;
};

struct ConsumeMessageDirectlyResult {
  bool auto_commit = true;
  std::optional<std::string> consume_result;
  bool order = false;
  std::optional<std::string> remark;
  std::int64_t spent_time_ms = 0;

  static constexpr auto table() {
    return std::tuple{field_or("autoCommit", &ConsumeMessageDirectlyResult::auto_commit),
                      field_or("consumeResult", &ConsumeMessageDirectlyResult::consume_result),
                      field_or("order", &ConsumeMessageDirectlyResult::order),
                      field_or("remark", &ConsumeMessageDirectlyResult::remark),
                      field_or("spentTimeMills", &ConsumeMessageDirectlyResult::spent_time_ms)};
  }
  bool operator==(const ConsumeMessageDirectlyResult&) const = default;
};

}  // namespace gantry::wire
