// Rows of the index, as bytes. A row tells of the messages of one queue that came in one batch, where each is and what is
// known of it without reading it; its key names the last of them, so that a seek to an offset finds the row that has it.
// One row for several messages, because a row a message was a quarter of the cost of a small send.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "store/bytes.h"
#include "store/queue.h"

namespace gantry::store {

constexpr std::size_t kIndexKeyBytes = 12;
constexpr std::size_t kIndexEntryBytes = 28;
constexpr std::size_t kIndexRowEntriesMax = 128;

inline void encode_index_key(char* out, std::uint32_t queue_number, std::int64_t offset) {
  put_u32(out, queue_number);
  put_u64(out + 4, static_cast<std::uint64_t>(offset));
}

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

// A row as it was read.
class IndexRow {
 public:
  // nullopt: the sizes are not those of a row.
  static std::optional<IndexRow> parse(std::string_view key, std::string_view value) {
    if (key.size() != kIndexKeyBytes || value.empty() || value.size() % kIndexEntryBytes != 0) return std::nullopt;
    return IndexRow(key.data(), value);
  }
  std::uint32_t queue_number() const { return queue_number_; }
  std::int64_t last() const { return last_; }
  std::int64_t first() const { return last_ - static_cast<std::int64_t>(value_.size() / kIndexEntryBytes) + 1; }
  // first() <= offset <= last()
  IndexEntry entry(std::int64_t offset) const {
    return decode_index_entry(value_.data() + static_cast<std::size_t>(offset - first()) * kIndexEntryBytes);
  }

 private:
  IndexRow(const char* key, std::string_view value)
      : queue_number_(get_u32(key)), last_(static_cast<std::int64_t>(get_u64(key + 4))), value_(value) {}

  std::uint32_t queue_number_;
  std::int64_t last_;
  std::string_view value_;
};

}  // namespace gantry::store
