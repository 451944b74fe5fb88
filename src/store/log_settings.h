// The settings that the message log keeps for itself in Family::meta.
#pragma once

#include <rocksdb/slice.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/bytes.h"
#include "store/queue.h"

namespace gantry::store {

// "queue/TOPIC\0ID" (4 bytes) -> number (4), minimum offset (8)
constexpr std::string_view kQueuePrefix = "queue/";
constexpr std::string_view kLogStart = "store/log_start";  // -> physical offset before which all is deleted
// -> physical offset (8) up to which the index is complete, and (8) up to which the log was on the disk then
constexpr std::string_view kLogEnds = "store/log";

inline rocksdb::Slice to_slice(std::string_view text) { return {text.data(), text.size()}; }

inline std::string queue_setting(const Queue& queue) {
  std::string key(kQueuePrefix);
  key += queue.topic();
  key += '\0';
  char id[4];
  put_u32(id, static_cast<std::uint32_t>(queue.id()));
  key.append(id, sizeof id);
  return key;
}

inline std::string queue_value(const Queue& queue) {
  char value[12];
  put_u32(value, queue.number());
  put_u64(value + 4, static_cast<std::uint64_t>(queue.min_offset()));
  return {value, sizeof value};
}

struct StoredQueue {
  std::string_view topic;  // of the key that was parsed
  std::int32_t id;
  std::uint32_t number;
  std::int64_t min_offset;
};
// What is beyond it was never a queue: damage must not ask for memory.
inline constexpr std::int32_t kQueueIdMax = 65'535;

// nullopt: not a queue's setting.
inline std::optional<StoredQueue> parse_queue_setting(std::string_view key, std::string_view value) {
  key.remove_prefix(std::min(kQueuePrefix.size(), key.size()));
  if (key.size() < 6 || value.size() != 12) return std::nullopt;
  const auto id = static_cast<std::int32_t>(get_u32(key.data() + key.size() - 4));
  if (id < 0 || id > kQueueIdMax) return std::nullopt;
  return StoredQueue{key.substr(0, key.size() - 5), id, get_u32(value.data()),
                     static_cast<std::int64_t>(get_u64(value.data() + 4))};
}

inline std::string log_ends_value(std::uint64_t indexed, std::uint64_t synced) {
  char ends[16];
  put_u64(ends, indexed);
  put_u64(ends + 8, synced);
  return {ends, sizeof ends};
}

}  // namespace gantry::store
