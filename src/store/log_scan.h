// Walks over the entries of one log file at the start, and over what is damaged to the next entry that is whole.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "store/log_entry.h"
#include "store/log_files.h"

namespace gantry::store {

class LogScan {
 public:
  // from, to: physical offsets, both in one file; to: its end. torn_from: an entry at or behind it whose header says that
  // it reaches beyond the end is what a write was cut off in, and ends the scan; before it, it is damage.
  LogScan(LogFiles& files, std::uint64_t from, std::uint64_t to, std::uint64_t torn_from = UINT64_MAX);
  ~LogScan();
  LogScan(const LogScan&) = delete;
  LogScan& operator=(const LogScan&) = delete;

  struct Found {
    std::uint64_t begin = 0;          // physical offset of the entry
    std::uint64_t end = 0;            // behind it
    std::uint64_t damaged_bytes = 0;  // before `begin`, that are no entry
    EntryHeader header;
    std::string_view keys;    // hashes, 8 bytes each
    std::string_view record;  // both valid until the next call
  };
  // nullopt: no more entry is whole. Fails when the disk cannot be read.
  Result<std::optional<Found>> next();
  std::uint64_t valid_end() const { return valid_end_; }  // behind the last entry found, or `from`

 private:
  // At least so many bytes from this physical offset on; null: the file has not as many.
  Result<const char*> window(std::uint64_t at, std::size_t bytes);
  // The entry that is there, if one is and is whole.
  Result<std::optional<EntryHeader>> entry_at(std::uint64_t at);
  Result<std::optional<std::uint64_t>> search(std::uint64_t from);

  LogFiles& files_;
  std::uint64_t valid_end_;
  std::uint64_t to_;
  std::uint64_t torn_from_;
  std::unique_ptr<ReadBuffer> buffer_;
  std::uint64_t window_at_ = 0;
  std::size_t window_bytes_ = 0;
};

}  // namespace gantry::store
