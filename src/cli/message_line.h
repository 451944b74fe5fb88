// What `-o json` says of one message, the same for those sent and those consumed.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "rocketmq/message.h"

namespace gantry::cli {

// `keys` empty: null. `status`: what became of the message, in RocketMQ's words.
boost::json::object message_line(const std::string& message_id, const std::string& keys,
                                 const rocketmq::MessageQueue& queue, std::int64_t queue_offset,
                                 std::string_view status);

}  // namespace gantry::cli
