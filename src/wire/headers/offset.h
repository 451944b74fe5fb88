// Headers of the offset queries and commits: 14, 15, 29, 30, 31, 32. Rule: the classes of the same names in
// org.apache.rocketmq.remoting.protocol.header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wire/fields.h"

namespace gantry::wire {

struct QueryConsumerOffsetRequestHeader {
  std::string consumer_group;
  std::string topic;
  std::int32_t queue_id = 0;
  std::optional<bool> set_zero_if_not_found;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &QueryConsumerOffsetRequestHeader::consumer_group),
                      field("topic", &QueryConsumerOffsetRequestHeader::topic),
                      field("queueId", &QueryConsumerOffsetRequestHeader::queue_id),
                      field("setZeroIfNotFound", &QueryConsumerOffsetRequestHeader::set_zero_if_not_found),
                      field("bname", &QueryConsumerOffsetRequestHeader::broker_name)};
  }
};

struct QueryConsumerOffsetResponseHeader {
  std::int64_t offset = 0;

  static constexpr auto table() { return std::tuple{field("offset", &QueryConsumerOffsetResponseHeader::offset)}; }
};

struct UpdateConsumerOffsetRequestHeader {
  std::string consumer_group;
  std::string topic;
  std::int32_t queue_id = 0;
  std::int64_t commit_offset = 0;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("consumerGroup", &UpdateConsumerOffsetRequestHeader::consumer_group),
                      field("topic", &UpdateConsumerOffsetRequestHeader::topic),
                      field("queueId", &UpdateConsumerOffsetRequestHeader::queue_id),
                      field("commitOffset", &UpdateConsumerOffsetRequestHeader::commit_offset),
                      field("bname", &UpdateConsumerOffsetRequestHeader::broker_name)};
  }
};

// boundaryType is LOWER or UPPER, in either case; absent means LOWER.
struct SearchOffsetRequestHeader {
  std::string topic;
  std::int32_t queue_id = 0;
  std::int64_t timestamp_ms = 0;
  std::optional<std::string> boundary_type;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("topic", &SearchOffsetRequestHeader::topic),
                      field("queueId", &SearchOffsetRequestHeader::queue_id),
                      field("timestamp", &SearchOffsetRequestHeader::timestamp_ms),
                      field("boundaryType", &SearchOffsetRequestHeader::boundary_type),
                      field("bname", &SearchOffsetRequestHeader::broker_name)};
  }
};

struct SearchOffsetResponseHeader {
  std::int64_t offset = 0;

  static constexpr auto table() { return std::tuple{field("offset", &SearchOffsetResponseHeader::offset)}; }
};

struct GetMaxOffsetRequestHeader {
  std::string topic;
  std::int32_t queue_id = 0;
  bool committed = true;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("topic", &GetMaxOffsetRequestHeader::topic),
                      field("queueId", &GetMaxOffsetRequestHeader::queue_id),
                      field_or("committed", &GetMaxOffsetRequestHeader::committed),
                      field("bname", &GetMaxOffsetRequestHeader::broker_name)};
  }
};

struct GetMaxOffsetResponseHeader {
  std::int64_t offset = 0;

  static constexpr auto table() { return std::tuple{field("offset", &GetMaxOffsetResponseHeader::offset)}; }
};

struct GetMinOffsetRequestHeader {
  std::string topic;
  std::int32_t queue_id = 0;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("topic", &GetMinOffsetRequestHeader::topic),
                      field("queueId", &GetMinOffsetRequestHeader::queue_id),
                      field("bname", &GetMinOffsetRequestHeader::broker_name)};
  }
};

struct GetMinOffsetResponseHeader {
  std::int64_t offset = 0;

  static constexpr auto table() { return std::tuple{field("offset", &GetMinOffsetResponseHeader::offset)}; }
};

struct GetEarliestMsgStoretimeRequestHeader {
  std::string topic;
  std::int32_t queue_id = 0;
  std::optional<std::string> broker_name;

  static constexpr auto table() {
    return std::tuple{field("topic", &GetEarliestMsgStoretimeRequestHeader::topic),
                      field("queueId", &GetEarliestMsgStoretimeRequestHeader::queue_id),
                      field("bname", &GetEarliestMsgStoretimeRequestHeader::broker_name)};
  }
};

struct GetEarliestMsgStoretimeResponseHeader {
  std::int64_t timestamp_ms = 0;

  static constexpr auto table() {
    return std::tuple{field("timestamp", &GetEarliestMsgStoretimeResponseHeader::timestamp_ms)};
  }
};

}  // namespace gantry::wire
