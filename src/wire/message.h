// Message records: how a message stands in the store and in the answers to pull and pop. Decoding gives views into the
// buffer and copies nothing; encoding writes once, and what the store knows only later (offsets, store time) is patched
// in place. Rule: org.apache.rocketmq.common.message.MessageDecoder, MessageVersion, sysflag.MessageSysFlag.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/error.h"
#include "wire/host.h"
#include "wire/properties.h"

namespace gantry::wire {

// Bits of MessageSysFlag.
namespace sys_flag {
inline constexpr std::int32_t kCompressed = 0x1;
inline constexpr std::int32_t kMultiTags = 0x2;
inline constexpr std::int32_t kTransactionMask = 0xc;
inline constexpr std::int32_t kTransactionPrepared = 0x4;
inline constexpr std::int32_t kTransactionCommit = 0x8;
inline constexpr std::int32_t kTransactionRollback = 0xc;
inline constexpr std::int32_t kBornHostV6 = 0x10;
inline constexpr std::int32_t kStoreHostV6 = 0x20;
inline constexpr std::int32_t kNeedUnwrap = 0x40;
inline constexpr std::int32_t kInnerBatch = 0x80;
inline constexpr std::int32_t kCompressionMask = 0x700;  // wire/compression.h
}  // namespace sys_flag

inline constexpr std::uint32_t kMagicV1 = 0xdaa320a7;     // topic length in 1 byte
inline constexpr std::uint32_t kMagicV2 = 0xdaa320ab;     // topic length in 2 bytes
inline constexpr std::uint32_t kMagicBlank = 0xcbd43194;  // filler at the end of a log file

inline constexpr std::size_t kRecordBytesMin = 91;  // no body, no topic, no properties, IPv4

// A message as an application sees it.
struct Message {
  std::string topic;
  std::int32_t flag = 0;
  std::string body;
  Properties properties;

  bool operator==(const Message&) const = default;
};

// One record. The views point into the buffer that was decoded, or into what the encoding caller owns.
struct MessageView {
  std::uint32_t magic = kMagicV1;  // decoding only; encoding chooses by the length of the topic
  std::int32_t body_crc = 0;       // decoding only; encoding computes it
  std::int32_t queue_id = 0;
  std::int32_t flag = 0;
  std::int64_t queue_offset = 0;
  std::int64_t physical_offset = 0;
  std::int32_t sys_flag = 0;  // encoding sets the two IPv6 bits from the hosts
  std::int64_t born_timestamp_ms = 0;
  Host born_host;
  std::int64_t store_timestamp_ms = 0;
  Host store_host;
  std::int32_t reconsume_times = 0;
  std::int64_t prepared_transaction_offset = 0;
  std::string_view body;
  std::string_view topic;
  std::string_view properties;  // encoded, wire/properties.h
  std::string_view record;      // decoding only: the whole record

  std::optional<std::string_view> property(std::string_view name) const { return find_property(properties, name); }
};

// One record that owns its bytes.
struct MessageRecord {
  std::int32_t queue_id = 0;
  std::int32_t flag = 0;
  std::int64_t queue_offset = 0;
  std::int64_t physical_offset = 0;
  std::int32_t sys_flag = 0;
  std::int64_t born_timestamp_ms = 0;
  Host born_host;
  std::int64_t store_timestamp_ms = 0;
  Host store_host;
  std::int32_t reconsume_times = 0;
  std::int64_t prepared_transaction_offset = 0;
  std::string body;
  std::string topic;
  std::string properties;  // encoded

  bool operator==(const MessageRecord&) const = default;
  MessageView view() const;  // valid as long as this record is unchanged
};

MessageRecord to_record(const MessageView& view);

// The size of the record that encode_record would write, in bytes.
std::size_t record_bytes(const MessageView& message);

// Appends the record of `message` to `out`. Fails with invalid_argument when topic (32,767), properties (32,767) or
// the whole (2^31 - 1 bytes) are too long for their length fields.
Result<void> encode_record(const MessageView& message, std::string& out);
// The same into memory of exactly record_bytes(message).
Result<void> encode_record(const MessageView& message, std::span<char> out);
inline Result<void> encode_record(const MessageRecord& message, std::string& out) {
  return encode_record(message.view(), out);
}

enum class CheckCrc : bool { no, yes };

// Decodes the record at the front of `bytes`; what follows it is ignored. Fails with corrupt.
Result<MessageView> decode_record(std::string_view bytes, CheckCrc check_crc = CheckCrc::no);

// The size of the record at the front of `bytes`, whose first 8 bytes must be there; nullopt for a blank filler, which
// ends a file. Fails with corrupt.
Result<std::optional<std::size_t>> next_record_bytes(std::string_view bytes);

// Calls fn(const MessageView&) for every record of a buffer, as pull and pop return them; a blank ends the buffer.
// fn may return bool, false to stop. Returns how many were visited; fails with corrupt at the first bad record.
template <class Fn>
Result<std::size_t> for_each_message(std::string_view buffer, Fn&& fn, CheckCrc check_crc = CheckCrc::no) {
  std::size_t count = 0;
  while (!buffer.empty()) {
    Result<std::optional<std::size_t>> size = next_record_bytes(buffer);
    if (!size) return std::unexpected(size.error());
    if (!*size) break;
    Result<MessageView> view = decode_record(buffer.substr(0, **size), check_crc);
    if (!view) return std::unexpected(view.error());
    ++count;
    if constexpr (std::is_same_v<std::invoke_result_t<Fn&, const MessageView&>, bool>) {
      if (!fn(*view)) break;
    } else {
      fn(*view);
    }
    buffer.remove_prefix(**size);
  }
  return count;
}

// Patches of an encoded record, which the caller has made by encode_record or checked by decode_record. `record` starts
// at the record's first byte. A buffer that is too short is left alone.
void patch_queue_id(std::span<char> record, std::int32_t queue_id);
void patch_queue_offset(std::span<char> record, std::int64_t queue_offset);
void patch_physical_offset(std::span<char> record, std::int64_t physical_offset);
void patch_store_timestamp(std::span<char> record, std::int64_t store_timestamp_ms);

// Java's CRC of a body: CRC-32 with the sign bit cleared.
std::int32_t body_crc32(std::string_view body);

}  // namespace gantry::wire
