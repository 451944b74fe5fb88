// Headers of sending: SEND_MESSAGE (10), SEND_MESSAGE_V2 (310), SEND_BATCH_MESSAGE (320), CONSUMER_SEND_MSG_BACK (36),
// END_TRANSACTION (37). Rule: the classes of the same names in org.apache.rocketmq.remoting.protocol.header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wire/fields.h"

namespace gantry::wire {

// The usual defaultTopic: what a broker lets clients create topics by. TopicValidator.AUTO_CREATE_TOPIC_KEY_TOPIC.
inline constexpr char kAutoCreateTopic[] = "TBW102";

// Codes 10; 310 and 320 carry the same under the short names of SendMessageRequestHeaderV2.
struct SendMessageRequestHeader {
  std::string producer_group;
  std::string topic;
  std::string default_topic;
  std::int32_t default_topic_queue_nums = 0;
  std::int32_t queue_id = 0;
  std::int32_t sys_flag = 0;
  std::int64_t born_timestamp_ms = 0;
  std::int32_t flag = 0;
  std::optional<std::string> properties;
  std::optional<std::int32_t> reconsume_times;
  std::optional<bool> unit_mode;
  std::optional<bool> batch;
  std::optional<std::int32_t> max_reconsume_times;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("producerGroup", &SendMessageRequestHeader::producer_group),
                      field("topic", &SendMessageRequestHeader::topic),
                      field("defaultTopic", &SendMessageRequestHeader::default_topic),
                      field("defaultTopicQueueNums", &SendMessageRequestHeader::default_topic_queue_nums),
                      field("queueId", &SendMessageRequestHeader::queue_id),
                      field("sysFlag", &SendMessageRequestHeader::sys_flag),
                      field("bornTimestamp", &SendMessageRequestHeader::born_timestamp_ms),
                      field("flag", &SendMessageRequestHeader::flag),
                      field("properties", &SendMessageRequestHeader::properties),
                      field("reconsumeTimes", &SendMessageRequestHeader::reconsume_times),
                      field("unitMode", &SendMessageRequestHeader::unit_mode),
                      field("batch", &SendMessageRequestHeader::batch),
                      field("maxReconsumeTimes", &SendMessageRequestHeader::max_reconsume_times),
                      field("bname", &SendMessageRequestHeader::broker_name)};
  }
};

// msgId is the offset message id (wire/message_id.h).
struct SendMessageResponseHeader {
  std::string msg_id;
  std::int32_t queue_id = 0;
  std::int64_t queue_offset = 0;
  std::optional<std::string> transaction_id;
  std::optional<std::string> batch_uniq_id;
  std::optional<std::string> recall_handle;
  std::optional<std::string> msg_region;  // what a client puts into its traces; brokers send "DefaultRegion"
  std::optional<bool> trace_on;

  static constexpr auto table() {
    return std::tuple{field("msgId", &SendMessageResponseHeader::msg_id),
                      field("queueId", &SendMessageResponseHeader::queue_id),
                      field("queueOffset", &SendMessageResponseHeader::queue_offset),
                      field("transactionId", &SendMessageResponseHeader::transaction_id),
                      field("batchUniqId", &SendMessageResponseHeader::batch_uniq_id),
                      field("recallHandle", &SendMessageResponseHeader::recall_handle),
                      field("MSG_REGION", &SendMessageResponseHeader::msg_region),
                      field("TRACE_ON", &SendMessageResponseHeader::trace_on)};
  }
};

// offset is the physical offset of the message. delayLevel 0: the broker decides, -1: to the dead-letter topic.
struct ConsumerSendMsgBackRequestHeader {
  std::int64_t offset = 0;
  std::string group;
  std::int32_t delay_level = 0;
  std::optional<std::string> origin_msg_id;
  std::optional<std::string> origin_topic;
  bool unit_mode = false;
  std::optional<std::int32_t> max_reconsume_times;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("offset", &ConsumerSendMsgBackRequestHeader::offset),
                      field("group", &ConsumerSendMsgBackRequestHeader::group),
                      field("delayLevel", &ConsumerSendMsgBackRequestHeader::delay_level),
                      field("originMsgId", &ConsumerSendMsgBackRequestHeader::origin_msg_id),
                      field("originTopic", &ConsumerSendMsgBackRequestHeader::origin_topic),
                      field_or("unitMode", &ConsumerSendMsgBackRequestHeader::unit_mode),
                      field("maxReconsumeTimes", &ConsumerSendMsgBackRequestHeader::max_reconsume_times),
                      field("bname", &ConsumerSendMsgBackRequestHeader::broker_name)};
  }
};

struct EndTransactionRequestHeader {
  std::optional<std::string> topic;
  std::string producer_group;
  std::int64_t tran_state_table_offset = 0;
  std::int64_t commit_log_offset = 0;
  std::int32_t commit_or_rollback = 0;
  bool from_transaction_check = false;
  std::string msg_id;
  std::optional<std::string> transaction_id;

  static constexpr auto table() {
    return std::tuple{field("topic", &EndTransactionRequestHeader::topic),
                      field("producerGroup", &EndTransactionRequestHeader::producer_group),
                      field("tranStateTableOffset", &EndTransactionRequestHeader::tran_state_table_offset),
                      field("commitLogOffset", &EndTransactionRequestHeader::commit_log_offset),
                      field("commitOrRollback", &EndTransactionRequestHeader::commit_or_rollback),
                      field_or("fromTransactionCheck", &EndTransactionRequestHeader::from_transaction_check),
                      field("msgId", &EndTransactionRequestHeader::msg_id),
                      field("transactionId", &EndTransactionRequestHeader::transaction_id)};
  }
};

// The same header under the one-letter names that V2 and batch requests use.
struct SendMessageRequestHeaderV2 : SendMessageRequestHeader {
  static constexpr auto table() {
    using H = SendMessageRequestHeader;
    return std::tuple{field("a", &H::producer_group),
                      field("b", &H::topic),
                      field("c", &H::default_topic),
                      field("d", &H::default_topic_queue_nums),
                      field("e", &H::queue_id),
                      field("f", &H::sys_flag),
                      field("g", &H::born_timestamp_ms),
                      field("h", &H::flag),
                      field("i", &H::properties),
                      field("j", &H::reconsume_times),
                      field("k", &H::unit_mode),
                      field("l", &H::max_reconsume_times),
                      field("m", &H::batch),
                      field("n", &H::broker_name)};
  }
};

// Reads the header of any of the three send requests, by its code.
Result<SendMessageRequestHeader> decode_send_header(const Command& request);

}  // namespace gantry::wire
