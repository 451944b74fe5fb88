// The strings of POP: the receipt handle of a message ("extraInfo", property POP_CK) and the three tables in a POP
// response's header from which a client builds the handles. Rule:
// org.apache.rocketmq.remoting.protocol.header.ExtraInfoUtil and org.apache.rocketmq.common.KeyBuilder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gantry::wire {

inline constexpr std::int32_t kPopOrderReviveQueue = 999;  // revive queue id of receipts of orderly POP

// Where the message was found: in the topic itself, or in the group's POP retry topic of either naming.
enum class RetryKind : char { normal = '0', retry_v1 = '1', retry_v2 = '2' };

// "%RETRY%<group>_<topic>" and "%RETRY%<group>+<topic>".
std::string pop_retry_topic_v1(std::string_view topic, std::string_view group);
std::string pop_retry_topic_v2(std::string_view topic, std::string_view group);

RetryKind retry_kind_of(std::string_view topic);

// The topic that a receipt of this kind stands for.
std::string real_topic(std::string_view topic, std::string_view group, RetryKind kind);

struct PopReceipt {
  std::int64_t start_offset = 0;  // queue offset of the first message of the check point
  std::int64_t pop_time_ms = 0;   // Unix time
  std::int64_t invisible_time_ms = 0;
  std::int32_t revive_queue_id = 0;
  RetryKind retry = RetryKind::normal;
  std::string broker_name;  // no spaces
  std::int32_t queue_id = 0;
  std::optional<std::int64_t> queue_offset;  // of the message; absent in the POP_CK of older clients

  bool operator==(const PopReceipt&) const = default;
};

// "<start> <pop time> <invisible> <revive queue> <retry> <broker> <queue>[ <queue offset>]"
std::string encode_receipt(const PopReceipt& receipt);
Result<PopReceipt> decode_receipt(std::string_view text);

// startOffsetInfo: one entry a popped queue, "<retry> <queue> <start offset>" joined by ';'.
struct PopStartOffset {
  RetryKind retry = RetryKind::normal;
  std::int32_t queue_id = 0;
  std::int64_t start_offset = 0;

  bool operator==(const PopStartOffset&) const = default;
};
std::string encode_start_offsets(const std::vector<PopStartOffset>& queues);
Result<std::vector<PopStartOffset>> decode_start_offsets(std::string_view text);

// msgOffsetInfo: "<retry> <queue> <offset>,<offset>,..." joined by ';'; offsets in the order of the messages.
struct PopMessageOffsets {
  RetryKind retry = RetryKind::normal;
  std::int32_t queue_id = 0;
  std::vector<std::int64_t> offsets;

  bool operator==(const PopMessageOffsets&) const = default;
};
std::string encode_message_offsets(const std::vector<PopMessageOffsets>& queues);
Result<std::vector<PopMessageOffsets>> decode_message_offsets(std::string_view text);

// orderCountInfo: how often an orderly message was delivered. An entry is for a queue ("<retry> <queue> <count>") or
// for one message ("<retry> qo<queue>%<offset> <count>"). The client wants the queue entries as well: an entry by
// offset is preferred, the queue's is the fallback of older clients.
struct PopOrderCount {
  RetryKind retry = RetryKind::normal;
  std::int32_t queue_id = 0;
  std::optional<std::int64_t> queue_offset;
  std::int32_t count = 0;

  bool operator==(const PopOrderCount&) const = default;
};
std::string encode_order_counts(const std::vector<PopOrderCount>& counts);
Result<std::vector<PopOrderCount>> decode_order_counts(std::string_view text);

}  // namespace gantry::wire
