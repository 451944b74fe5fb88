// RocksDB, opened and tuned for a broker: the column families, their options, and the one translation of its
// statuses into our errors. The messages themselves are not in it but in the log's files (log_files.h), from which
// `index` and `keys` can be made again.
//
//   index   queue number (4), last queue offset (8)              -> for each message of the row: physical offset (8),
//                                                                   size (4), tags code (8), store time ms (8)
//   keys    hash of topic and key (8), physical offset (8)       -> nothing
//   timers  due time ms (8), sequence (8)                        -> the message record to deliver then
//   meta    name                                                 -> settings, offsets, POP state
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/options.h"

namespace gantry::store {

enum class Family : std::size_t { meta = 0, index = 1, keys = 2, timers = 3 };

// What every refusal of a directory whose content is not what it must be ends with.
inline constexpr std::string_view kRestoreOrMoveAway = "; restore it from a copy, or move it away to start empty";

// code: unavailable (locked by another process), permission_denied, resource_exhausted (disk full), corrupt, internal.
Error to_error(const rocksdb::Status& status, std::string_view doing);

class Database {
 public:
  // Creates what is missing. Errors name the directory and say what to do.
  static Result<std::unique_ptr<Database>> open(const Options& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* family(Family which) { return families_[static_cast<std::size_t>(which)]; }
  // Rows of `index` and `keys` that point below this physical offset are dropped by compaction. Any thread.
  std::atomic<std::uint64_t>& oldest_physical_offset() { return oldest_physical_offset_; }

 private:
  Database() = default;

  std::atomic<std::uint64_t> oldest_physical_offset_{0};
  std::unique_ptr<rocksdb::Env> env_;
  std::vector<std::shared_ptr<rocksdb::CompactionFilterFactory>> filters_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

}  // namespace gantry::store
