// Every committed offset of a broker: the body of GET_ALL_CONSUMER_OFFSET (43).
// Rule: org.apache.rocketmq.broker.offset.ConsumerOffsetManager, which is sent as it is stored.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "wire/body.h"

namespace gantry::wire {

// "topic@group" to queue id to offset. A queue that the group has never committed in is not there.
struct ConsumerOffsets {
  std::map<std::string, std::map<std::int32_t, std::int64_t>> offset_table;

  static constexpr auto table() { return std::tuple{field_or("offsetTable", &ConsumerOffsets::offset_table)}; }
  bool operator==(const ConsumerOffsets&) const = default;
};

}  // namespace gantry::wire
