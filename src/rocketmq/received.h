// From the records of a pull or pop answer to messages for an application.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "rocketmq/message.h"
#include "wire/message.h"

namespace gantry::rocketmq {

// Bodies are decompressed; a body that cannot be is left as it came, with the property GANTRY_UNDECODED set to the
// reason, because a consumer must be able to get past it.
ReceivedMessage to_received(const wire::MessageView& view, const std::string& broker_name);

Result<std::vector<ReceivedMessage>> decode_messages(std::string_view body, const std::string& broker_name);

}  // namespace gantry::rocketmq
