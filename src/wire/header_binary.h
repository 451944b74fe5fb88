// The ROCKETMQ (binary) form of a command's header, which clients choose by -Drocketmq.serialize.type=ROCKETMQ.
// Rule: org.apache.rocketmq.remoting.protocol.RocketMQSerializable: code(2) language(1) version(2) opaque(4) flag(4)
// remark(4+n) fields(4+n), a field being key(2+n) value(4+n); big-endian.
//
// The code has 16 bits there, so Java cuts the POP family (200050 .. 200056, 200151) down to 3442 .. 3448 and 3543.
// No other code uses these numbers, so requests that carry them are read as the codes that were meant, and written the
// way Java writes them. A code that would not come back the same is refused.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/command.h"
#include "wire/frame.h"

namespace gantry::wire {

// Appends the header of `command` to `out`. Fails with invalid_argument when the code or a key does not fit.
Result<void> encode_binary_header(const Command& command, std::string& out);

// Reads a header into `command` (its body is left alone). Fails with corrupt on any length that does not fit the rest,
// with resource_exhausted beyond limits.fields_max.
Result<void> decode_binary_header(std::string_view header, const FrameLimits& limits, Command& command);

// The code behind the 16 bits of a binary request header.
std::int32_t widen_request_code(std::int16_t code);

}  // namespace gantry::wire
