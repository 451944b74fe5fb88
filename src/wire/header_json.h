// The JSON form of a command's header: what fastjson writes for RemotingCommand. Reading goes straight into the
// Command without a document tree, and is as tolerant as fastjson is (unquoted keys, single quotes, numbers and
// booleans as field values, members that we do not know); writing is strict JSON.
// Rule: org.apache.rocketmq.remoting.protocol.RemotingCommand and RemotingSerializable.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/command.h"
#include "wire/frame.h"

namespace gantry::wire {

// Appends the header of `command` to `out`.
void encode_json_header(const Command& command, std::string& out);

// Reads a header into `command` (its body is left alone). A value of null counts as absent. Fails with corrupt when
// the text is not one JSON object, with resource_exhausted beyond limits.fields_max or 16 levels of nesting.
Result<void> decode_json_header(std::string_view header, const FrameLimits& limits, Command& command);

}  // namespace gantry::wire
