// Headers of POP: POP_MESSAGE (200050), ACK_MESSAGE (200051), CHANGE_MESSAGE_INVISIBLETIME (200053), NOTIFICATION
// (200054), POLLING_INFO (200055). BATCH_ACK_MESSAGE (200151) has a body only (wire/bodies/batch_ack.h). Rule: the
// classes of the same names in org.apache.rocketmq.remoting.protocol.header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wire/fields.h"

namespace gantry::wire {

// queue_id -1: any queue. init_mode 0: a new group starts at the minimum, 1: at the maximum offset. Times in ms;
// born_time_ms is Unix time, poll_time_ms how long to wait.
struct PopMessageRequestHeader {
  std::string consumer_group;
  std::string topic;
  std::int32_t queue_id = 0;
  std::int32_t max_messages = 0;
  std::int64_t invisible_time_ms = 0;
  std::int64_t poll_time_ms = 0;
  std::int64_t born_time_ms = 0;
  std::int32_t init_mode = 0;
  std::optional<std::string> exp_type;
  std::optional<std::string> exp;
  std::optional<bool> order;
  std::optional<std::string> attempt_id;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &PopMessageRequestHeader::consumer_group),
                      field("topic", &PopMessageRequestHeader::topic),
                      field("queueId", &PopMessageRequestHeader::queue_id),
                      field("maxMsgNums", &PopMessageRequestHeader::max_messages),
                      field("invisibleTime", &PopMessageRequestHeader::invisible_time_ms),
                      field("pollTime", &PopMessageRequestHeader::poll_time_ms),
                      field("bornTime", &PopMessageRequestHeader::born_time_ms),
                      field("initMode", &PopMessageRequestHeader::init_mode),
                      field("expType", &PopMessageRequestHeader::exp_type),
                      field("exp", &PopMessageRequestHeader::exp),
                      field("order", &PopMessageRequestHeader::order),
                      field("attemptId", &PopMessageRequestHeader::attempt_id),
                      field("bname", &PopMessageRequestHeader::broker_name)};
  }
};

// The three tables: wire/pop_receipt.h.
struct PopMessageResponseHeader {
  std::int64_t pop_time_ms = 0;
  std::int64_t invisible_time_ms = 0;
  std::int32_t revive_queue_id = 0;
  std::int64_t rest_num = 0;
  std::optional<std::string> start_offset_info;
  std::optional<std::string> msg_offset_info;
  std::optional<std::string> order_count_info;

  static constexpr auto table() {
    return std::tuple{field("popTime", &PopMessageResponseHeader::pop_time_ms),
                      field("invisibleTime", &PopMessageResponseHeader::invisible_time_ms),
                      field("reviveQid", &PopMessageResponseHeader::revive_queue_id),
                      field("restNum", &PopMessageResponseHeader::rest_num),
                      field("startOffsetInfo", &PopMessageResponseHeader::start_offset_info),
                      field("msgOffsetInfo", &PopMessageResponseHeader::msg_offset_info),
                      field("orderCountInfo", &PopMessageResponseHeader::order_count_info)};
  }
};

// extra_info is the receipt handle.
struct AckMessageRequestHeader {
  std::string consumer_group;
  std::string topic;
  std::int32_t queue_id = 0;
  std::string extra_info;
  std::int64_t offset = 0;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &AckMessageRequestHeader::consumer_group),
                      field("topic", &AckMessageRequestHeader::topic),
                      field("queueId", &AckMessageRequestHeader::queue_id),
                      field("extraInfo", &AckMessageRequestHeader::extra_info),
                      field("offset", &AckMessageRequestHeader::offset),
                      field("bname", &AckMessageRequestHeader::broker_name)};
  }
};

struct ChangeInvisibleTimeRequestHeader {
  std::string consumer_group;
  std::string topic;
  std::int32_t queue_id = 0;
  std::string extra_info;
  std::int64_t offset = 0;
  std::int64_t invisible_time_ms = 0;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &ChangeInvisibleTimeRequestHeader::consumer_group),
                      field("topic", &ChangeInvisibleTimeRequestHeader::topic),
                      field("queueId", &ChangeInvisibleTimeRequestHeader::queue_id),
                      field("extraInfo", &ChangeInvisibleTimeRequestHeader::extra_info),
                      field("offset", &ChangeInvisibleTimeRequestHeader::offset),
                      field("invisibleTime", &ChangeInvisibleTimeRequestHeader::invisible_time_ms),
                      field("bname", &ChangeInvisibleTimeRequestHeader::broker_name)};
  }
};

struct ChangeInvisibleTimeResponseHeader {
  std::int64_t pop_time_ms = 0;
  std::int64_t invisible_time_ms = 0;
  std::int32_t revive_queue_id = 0;

  static constexpr auto table() {
    return std::tuple{field("popTime", &ChangeInvisibleTimeResponseHeader::pop_time_ms),
                      field("invisibleTime", &ChangeInvisibleTimeResponseHeader::invisible_time_ms),
                      field("reviveQid", &ChangeInvisibleTimeResponseHeader::revive_queue_id)};
  }
};

struct NotificationRequestHeader {
  std::string consumer_group;
  std::string topic;
  std::int32_t queue_id = 0;
  std::int64_t poll_time_ms = 0;
  std::int64_t born_time_ms = 0;
  std::optional<bool> order;
  std::optional<std::string> attempt_id;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &NotificationRequestHeader::consumer_group),
                      field("topic", &NotificationRequestHeader::topic),
                      field("queueId", &NotificationRequestHeader::queue_id),
                      field("pollTime", &NotificationRequestHeader::poll_time_ms),
                      field("bornTime", &NotificationRequestHeader::born_time_ms),
                      field("order", &NotificationRequestHeader::order),
                      field("attemptId", &NotificationRequestHeader::attempt_id),
                      field("bname", &NotificationRequestHeader::broker_name)};
  }
};

struct NotificationResponseHeader {
  bool has_msg = false;
  bool polling_full = false;

  static constexpr auto table() {
    return std::tuple{field_or("hasMsg", &NotificationResponseHeader::has_msg),
                      field_or("pollingFull", &NotificationResponseHeader::polling_full)};
  }
};

struct PollingInfoRequestHeader {
  std::string consumer_group;
  std::string topic;
  std::int32_t queue_id = 0;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &PollingInfoRequestHeader::consumer_group),
                      field("topic", &PollingInfoRequestHeader::topic),
                      field("queueId", &PollingInfoRequestHeader::queue_id),
                      field("bname", &PollingInfoRequestHeader::broker_name)};
  }
};

struct PollingInfoResponseHeader {
  std::int32_t polling_num = 0;

  static constexpr auto table() { return std::tuple{field("pollingNum", &PollingInfoResponseHeader::polling_num)}; }
};

}  // namespace gantry::wire
