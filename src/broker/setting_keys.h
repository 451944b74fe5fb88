// The names under which the broker keeps its settings in the store, each form written once, with how it is read again.
// They are on the disk: another form than these is another setting. The store has names of its own beside them, which
// begin with "queue/" and "store/" (store/log_settings.h).
//
// Names of topics and groups come from outside, but hold neither a NUL nor a line feed, which part them here; a namespace
// holds no NUL. What a name is parsed from may be anything: nullopt when it is not of the form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "queueing/pop_queue.h"

namespace gantry::broker::setting_keys {

constexpr std::string_view kTopicPrefix = "topic/";
constexpr std::string_view kGroupPrefix = "group/";
constexpr std::string_view kOffsetPrefix = "offset/";
constexpr std::string_view kPopNextPrefix = "pop-next\n";
constexpr std::string_view kPopBatchPrefix = "pop-batch\n";
constexpr std::string_view kRequestModePrefix = "request-mode\n";
constexpr std::string_view kHalfPrefix = "half/";
constexpr std::string_view kKvPrefix = "kv/";

// One queue as one consumer group sees it. What was parsed lies in the name it was parsed from.
struct GroupQueue {
  std::string_view group;
  std::string_view topic;
  std::int32_t queue_id = 0;

  bool operator==(const GroupQueue&) const = default;
};

// "topic/TOPIC" -> its configuration; "group/GROUP" -> its configuration
std::string topic_key(std::string_view topic);
std::string group_key(std::string_view group);

// "offset/GROUP\0TOPIC\0QUEUE", queue in 4 bytes big-endian -> consumer offset. Any queue id may come out.
std::string offset_key(const GroupQueue& queue);
std::optional<GroupQueue> parse_offset_key(std::string_view name);

// "pop-next\nGROUP\nTOPIC\nQUEUE", queue in decimal -> where the next pop begins
std::string pop_next_key(const GroupQueue& queue);
std::optional<GroupQueue> parse_pop_next_key(std::string_view name);
// "pop-batch\nGROUP\nTOPIC\nQUEUE\nSTART\nTIME", numbers in decimal -> batch, which says its start and time itself
std::string pop_batch_key(const GroupQueue& queue, queueing::PopBatchId id);
std::optional<GroupQueue> parse_pop_batch_key(std::string_view name);

// "request-mode\nTOPIC\nGROUP" -> pull or POP
std::string request_mode_key(std::string_view topic, std::string_view group);

// "half/OFFSET", 8 bytes big-endian, in the queue of half messages -> where the message is and since when
std::string half_key(std::int64_t queue_offset);
std::optional<std::int64_t> parse_half_key(std::string_view name);

// "kv/NAMESPACE\0KEY" -> value
struct KvName {
  std::string_view name_space;
  std::string_view key;

  bool operator==(const KvName&) const = default;
};
std::string kv_key(const KvName& name);
std::optional<KvName> parse_kv_key(std::string_view name);

}  // namespace gantry::broker::setting_keys
