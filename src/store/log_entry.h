// One entry of a log file, as bytes: a header, the message's record as consumers get it, and the hashes of its keys. An
// entry says all that the index and the keys hold of its message, so that they can be made again from the log alone.
//
//   0  magic (4): its place in the group of one write     24  queue offset (8)
//   4  CRC-32C of bytes 8 to 56 and the record (4)        32  tags code (8)
//   8  size of the record (4)                             40  store time ms (8)
//  12  number of the queue (4)                            48  number of keys (4)
//  16  physical offset of the record (8)                  52  CRC-32C of the keys' hashes (4)
//  56  the record, then 8 bytes a key                     all big-endian
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/checksum.h"
#include "store/bytes.h"
#include "store/queue.h"

namespace gantry::store {

constexpr std::size_t kEntryHeaderBytes = 56;
// An entry that claims more is none: what a damaged header says is not believed.
constexpr std::size_t kEntryRecordBytesMax = 256 * 1024 * 1024;
constexpr std::size_t kEntryKeysMax = 4096;

// Not part of the checksum, because it is known only when the group is sealed; so the values are far apart. They begin
// with the same byte, for which a search for entries looks.
enum class Magic : std::uint32_t {
  more = 0xe7a51c36,            // others of its group follow
  last = 0xe75ae3c9,            // the last of its group, which changed nothing that is not in the log
  last_with_rows = 0xe7c3369c,  // the last of its group, which also changed settings or timers
};
constexpr char kMagicFirstByte = '\xe7';

struct EntryHeader {
  Magic magic = Magic::more;
  std::uint32_t record_bytes = 0;
  std::uint32_t queue_number = 0;
  std::uint64_t physical_offset = 0;  // of the record
  std::int64_t queue_offset = 0;
  std::int64_t tags_code = 0;
  std::int64_t store_time_ms = 0;
  std::uint32_t keys = 0;

  std::size_t entry_bytes() const { return kEntryHeaderBytes + record_bytes + std::size_t{8} * keys; }
  IndexEntry index_entry() const { return {physical_offset, record_bytes, tags_code, store_time_ms}; }
};

// The header and the keys of an entry whose record comes later; seal_entry() is called when it is there.
inline void encode_entry(char* entry, const EntryHeader& header, std::span<const std::uint64_t> key_hashes) {
  put_u32(entry, static_cast<std::uint32_t>(header.magic));
  put_u32(entry + 8, header.record_bytes);
  put_u32(entry + 12, header.queue_number);
  put_u64(entry + 16, header.physical_offset);
  put_u64(entry + 24, static_cast<std::uint64_t>(header.queue_offset));
  put_u64(entry + 32, static_cast<std::uint64_t>(header.tags_code));
  put_u64(entry + 40, static_cast<std::uint64_t>(header.store_time_ms));
  put_u32(entry + 48, header.keys);
  char* key = entry + kEntryHeaderBytes + header.record_bytes;
  for (const std::uint64_t hash : key_hashes) {
    put_u64(key, hash);
    key += 8;
  }
  put_u32(entry + 52, crc32c({entry + kEntryHeaderBytes + header.record_bytes, std::size_t{8} * header.keys}));
}

inline void seal_entry(char* entry, std::size_t record_bytes) {
  put_u32(entry + 4, crc32c({entry + 8, kEntryHeaderBytes - 8 + record_bytes}));
}

inline void mark_last(char* entry, bool with_rows) {
  put_u32(entry, static_cast<std::uint32_t>(with_rows ? Magic::last_with_rows : Magic::last));
}

// bytes: at least kEntryHeaderBytes that are found at physical offset `at`. nullopt: no entry begins there.
inline std::optional<EntryHeader> parse_header(const char* bytes, std::uint64_t at) {
  EntryHeader header;
  header.magic = static_cast<Magic>(get_u32(bytes));
  if (header.magic != Magic::more && header.magic != Magic::last && header.magic != Magic::last_with_rows)
    return std::nullopt;
  header.record_bytes = get_u32(bytes + 8);
  header.queue_number = get_u32(bytes + 12);
  header.physical_offset = get_u64(bytes + 16);
  header.queue_offset = static_cast<std::int64_t>(get_u64(bytes + 24));
  header.tags_code = static_cast<std::int64_t>(get_u64(bytes + 32));
  header.store_time_ms = static_cast<std::int64_t>(get_u64(bytes + 40));
  header.keys = get_u32(bytes + 48);
  if (header.physical_offset != at + kEntryHeaderBytes || header.record_bytes > kEntryRecordBytesMax ||
      header.keys > kEntryKeysMax)
    return std::nullopt;
  return header;
}

// Whether header and record are what was written. `entry`: as long as both.
inline bool record_is_whole(const char* entry, const EntryHeader& header) {
  return get_u32(entry + 4) == crc32c({entry + 8, kEntryHeaderBytes - 8 + header.record_bytes});
}

// The hashes of an entry that is whole; empty when they are damaged, or there are none.
inline std::string_view keys_of(const char* entry, const EntryHeader& header) {
  const std::string_view keys(entry + kEntryHeaderBytes + header.record_bytes, std::size_t{8} * header.keys);
  return get_u32(entry + 52) == crc32c(keys) ? keys : std::string_view();
}

}  // namespace gantry::store
