// Headers of PULL_MESSAGE (11) and LITE_PULL_MESSAGE (361). Rule: the classes of the same names in
// org.apache.rocketmq.remoting.protocol.header, and org.apache.rocketmq.common.sysflag.PullSysFlag.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wire/fields.h"

namespace gantry::wire {

struct PullMessageRequestHeader {
  std::string consumer_group;
  std::string topic;
  std::int32_t queue_id = 0;
  std::int64_t queue_offset = 0;
  std::int32_t max_messages = 0;
  std::int32_t sys_flag = 0;
  std::int64_t commit_offset = 0;
  std::int64_t suspend_timeout_ms = 0;
  std::optional<std::string> subscription;
  std::int64_t sub_version = 0;
  std::optional<std::string> expression_type;
  std::optional<std::int32_t> max_message_bytes;
  std::optional<std::int32_t> request_source;
  std::optional<std::string> proxy_forward_client_id;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &PullMessageRequestHeader::consumer_group),
                      field("topic", &PullMessageRequestHeader::topic),
                      field("queueId", &PullMessageRequestHeader::queue_id),
                      field("queueOffset", &PullMessageRequestHeader::queue_offset),
                      field("maxMsgNums", &PullMessageRequestHeader::max_messages),
                      field("sysFlag", &PullMessageRequestHeader::sys_flag),
                      field("commitOffset", &PullMessageRequestHeader::commit_offset),
                      field("suspendTimeoutMillis", &PullMessageRequestHeader::suspend_timeout_ms),
                      field("subscription", &PullMessageRequestHeader::subscription),
                      field("subVersion", &PullMessageRequestHeader::sub_version),
                      field("expressionType", &PullMessageRequestHeader::expression_type),
                      field("maxMsgBytes", &PullMessageRequestHeader::max_message_bytes),
                      field("requestSource", &PullMessageRequestHeader::request_source),
                      field("proxyFrowardClientId", &PullMessageRequestHeader::proxy_forward_client_id),
                      field("bname", &PullMessageRequestHeader::broker_name)};
  }
};

struct PullMessageResponseHeader {
  std::int64_t suggest_which_broker_id = 0;
  std::int64_t next_begin_offset = 0;
  std::int64_t min_offset = 0;
  std::int64_t max_offset = 0;
  std::optional<std::int64_t> offset_delta;
  std::optional<std::int32_t> topic_sys_flag;
  std::optional<std::int32_t> group_sys_flag;
  std::optional<std::int32_t> forbidden_type;

  static constexpr auto table() {
    return std::tuple{field("suggestWhichBrokerId", &PullMessageResponseHeader::suggest_which_broker_id),
                      field("nextBeginOffset", &PullMessageResponseHeader::next_begin_offset),
                      field("minOffset", &PullMessageResponseHeader::min_offset),
                      field("maxOffset", &PullMessageResponseHeader::max_offset),
                      field("offsetDelta", &PullMessageResponseHeader::offset_delta),
                      field("topicSysFlag", &PullMessageResponseHeader::topic_sys_flag),
                      field("groupSysFlag", &PullMessageResponseHeader::group_sys_flag),
                      field("forbiddenType", &PullMessageResponseHeader::forbidden_type)};
  }
};

// Bits of PullMessageRequestHeader::sys_flag.
namespace pull_flag {
inline constexpr std::int32_t kCommitOffset = 0x1;  // commit_offset is to be stored
inline constexpr std::int32_t kSuspend = 0x2;       // long polling: wait up to suspend_timeout_ms
inline constexpr std::int32_t kSubscription = 0x4;  // subscription is given here, not taken from the heartbeat
inline constexpr std::int32_t kClassFilter = 0x8;
inline constexpr std::int32_t kLitePull = 0x10;
}  // namespace pull_flag

}  // namespace gantry::wire
