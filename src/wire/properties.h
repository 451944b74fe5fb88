// Message properties: the string map that travels with a message as name \x01 value \x02 name \x01 value \x02 ...
// Rule: org.apache.rocketmq.common.message.MessageDecoder (messageProperties2String, string2messageProperties) and
// MessageConst. The encoded form is at most 32,767 bytes, because records hold its length in a signed short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/command.h"

namespace gantry::wire {

// Same container as header fields: few entries, wire order, the first of a name counts.
using Properties = Fields;

inline constexpr char kNameValueSeparator = '\x01';
inline constexpr char kPropertySeparator = '\x02';
inline constexpr char kKeySeparator = ' ';  // between the keys of KEYS
inline constexpr std::size_t kPropertiesBytesMax = 32767;

namespace property {
inline constexpr std::string_view kKeys = "KEYS";
inline constexpr std::string_view kTags = "TAGS";
inline constexpr std::string_view kWaitStoreMsgOk = "WAIT";
inline constexpr std::string_view kDelayTimeLevel = "DELAY";
inline constexpr std::string_view kRetryTopic = "RETRY_TOPIC";
inline constexpr std::string_view kRealTopic = "REAL_TOPIC";
inline constexpr std::string_view kRealQueueId = "REAL_QID";
inline constexpr std::string_view kTransactionPrepared = "TRAN_MSG";
inline constexpr std::string_view kProducerGroup = "PGROUP";
inline constexpr std::string_view kMinOffset = "MIN_OFFSET";
inline constexpr std::string_view kMaxOffset = "MAX_OFFSET";
inline constexpr std::string_view kOriginMessageId = "ORIGIN_MESSAGE_ID";
inline constexpr std::string_view kReconsumeTime = "RECONSUME_TIME";
inline constexpr std::string_view kMsgRegion = "MSG_REGION";
inline constexpr std::string_view kTraceSwitch = "TRACE_ON";
inline constexpr std::string_view kUniqueKey = "UNIQ_KEY";
inline constexpr std::string_view kMaxReconsumeTimes = "MAX_RECONSUME_TIMES";
inline constexpr std::string_view kConsumeStartTime = "CONSUME_START_TIME";
inline constexpr std::string_view kInnerNum = "INNER_NUM";
inline constexpr std::string_view kInnerBase = "INNER_BASE";
inline constexpr std::string_view kInstanceId = "INSTANCE_ID";
inline constexpr std::string_view kCorrelationId = "CORRELATION_ID";
inline constexpr std::string_view kCluster = "CLUSTER";
inline constexpr std::string_view kMessageType = "MSG_TYPE";
inline constexpr std::string_view kPopCk = "POP_CK";
inline constexpr std::string_view kPopCkOffset = "POP_CK_OFFSET";
inline constexpr std::string_view kFirstPopTime = "1ST_POP_TIME";
inline constexpr std::string_view kShardingKey = "__SHARDINGKEY";
inline constexpr std::string_view kTimerDelaySec = "TIMER_DELAY_SEC";
inline constexpr std::string_view kTimerDelayMs = "TIMER_DELAY_MS";
inline constexpr std::string_view kTimerDeliverMs = "TIMER_DELIVER_MS";
inline constexpr std::string_view kDlqOriginTopic = "DLQ_ORIGIN_TOPIC";
inline constexpr std::string_view kDlqOriginMessageId = "DLQ_ORIGIN_MESSAGE_ID";
inline constexpr std::string_view kCrc32 = "__CRC32#";
}  // namespace property

// Appends the encoded form. Fails with invalid_argument when a name is empty, when a name or value holds a separator
// byte, or when the result is longer than kPropertiesBytesMax. Empty values are not written: Java drops them on
// reading.
Result<void> encode_properties(const Properties& properties, std::string& out);

// Reads what Java would read: pairs without a name, a separator or a value are skipped, a missing last separator is
// fine. Never fails.
Properties decode_properties(std::string_view encoded);

// The value of one property in an encoded string, without decoding the others. The view points into `encoded`.
std::optional<std::string_view> find_property(std::string_view encoded, std::string_view name);

// Replaces or adds one property of an encoded string. Fails as encode_properties; `encoded` is then unchanged.
Result<void> set_property(std::string& encoded, std::string_view name, std::string_view value);

// Removes every property of that name from an encoded string.
void erase_property(std::string& encoded, std::string_view name);

// Calls fn(name, value) for every property, in wire order; fn returns false to stop. Views point into `encoded`.
template <class Fn>
void for_each_property(std::string_view encoded, Fn&& fn);

// What the broker files a message's tag under, and what SubscriptionData.codeSet holds: Java's String.hashCode() of
// the tag, 0 without one. `tag` is UTF-8.
std::int64_t tags_code(std::string_view tag);

// Java's String.hashCode of UTF-8 text, which is over its UTF-16 code units.
std::int32_t java_string_hash(std::string_view text);

template <class Fn>
void for_each_property(std::string_view encoded, Fn&& fn) {
  std::size_t at = 0;
  while (at < encoded.size()) {
    std::size_t end = encoded.find(kPropertySeparator, at);
    if (end == std::string_view::npos) end = encoded.size();
    std::string_view pair = encoded.substr(at, end - at);
    std::size_t separator = pair.find(kNameValueSeparator);
    if (separator != std::string_view::npos && separator > 0 && separator + 1 < pair.size()) {
      if (!fn(pair.substr(0, separator), pair.substr(separator + 1))) return;
    }
    at = end + 1;
  }
}

}  // namespace gantry::wire
