// The body of a batch send: several messages of one topic in one request (320, or 310 with batch=true). An entry is
// total(4) magic(4, zero) crc(4, zero) flag(4) body(4+n) properties(2+n).
// Rule: org.apache.rocketmq.common.message.MessageDecoder, encodeMessages and decodeMessages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wire/message.h"

namespace gantry::wire {

// One message of a batch; views point into the batch body.
struct BatchEntry {
  std::int32_t flag = 0;
  std::string_view body;
  std::string_view properties;  // encoded, wire/properties.h

  bool operator==(const BatchEntry&) const = default;
};

// Appends one entry. Fails with invalid_argument when a part is too long for its length field.
Result<void> encode_batch_entry(const BatchEntry& entry, std::string& out);

// The batch body of `messages` (their topics are not in it).
Result<std::string> encode_batch(std::span<const Message> messages);

// Fails with corrupt on a length that does not fit, with resource_exhausted beyond entries_max.
Result<std::vector<BatchEntry>> decode_batch(std::string_view body, std::size_t entries_max = 16 * 1024);

}  // namespace gantry::wire
