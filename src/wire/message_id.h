// The two ids of a message. The *offset message id* is where it is stored: host, port and physical offset in upper-case
// hex, 32 digits for an IPv4 store host and 56 for IPv6 (MessageDecoder.createMessageId). The *unique message id* is
// made by the producer and travels as the property UNIQ_KEY (MessageClientIDSetter.createUniqID).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/host.h"

namespace gantry::wire {

struct OffsetMessageId {
  Host store_host;
  std::int64_t physical_offset = 0;

  bool operator==(const OffsetMessageId&) const = default;
};

std::string encode_offset_message_id(const OffsetMessageId& id);

// Fails with invalid_argument unless `text` is 32 or 56 hex digits.
Result<OffsetMessageId> decode_offset_message_id(std::string_view text);

// What makes the ids of one process differ from those of all others.
struct UniqueIdSource {
  Host host;               // only the address counts
  std::uint16_t pid = 0;   // low 16 bits of the process id
  std::uint32_t salt = 0;  // Java: hash of the class loader; ours: a random number drawn at start
};

// The id for the counter-th message of `source`, at now_ms (Unix time). Ids hold the milliseconds since the start of
// the month in UTC and 16 bits of the counter, so a source can make 65,536 a millisecond.
std::string unique_message_id(const UniqueIdSource& source, std::int64_t now_ms, std::uint16_t counter);

// Unix time in ms of the first moment of the month (UTC) of now_ms.
std::int64_t month_start_ms(std::int64_t now_ms);

}  // namespace gantry::wire
