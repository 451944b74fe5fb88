// Rows of the index, as bytes: queue number and queue offset -> where a message is and what is known without reading it.
#pragma once

#include <cstdint>

#include "store/bytes.h"
#include "store/queue.h"

namespace gantry::store {

constexpr std::size_t kIndexKeyBytes = 12;
constexpr std::size_t kIndexEntryBytes = 28;

inline void encode_index_key(char* out, std::uint32_t queue_number, std::int64_t offset) {
  put_u32(out, queue_number);
  put_u64(out + 4, static_cast<std::uint64_t>(offset));
}

inline std::int64_t offset_of_index_key(const char* in) { return static_cast<std::int64_t>(get_u64(in + 4)); }

inline void encode_index_entry(char* out, const IndexEntry& entry) {
  put_u64(out, entry.physical_offset);
  put_u32(out + 8, entry.size);
  put_u64(out + 12, static_cast<std::uint64_t>(entry.tags_code));
  put_u64(out + 20, static_cast<std::uint64_t>(entry.store_time_ms));
}

inline IndexEntry decode_index_entry(const char* in) {
  return {get_u64(in), get_u32(in + 8), static_cast<std::int64_t>(get_u64(in + 12)),
          static_cast<std::int64_t>(get_u64(in + 20))};
}

}  // namespace gantry::store
