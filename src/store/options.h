// Settings of the embedded broker's storage: where it is, what an acknowledgement promises, and its limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rocksdb {
class FileSystem;
}

namespace gantry::store {

// What "stored" means when a request is answered.
enum class Flush {
  async,  // written to the operating system: survives kill -9 of the process, not the loss of power
  sync,   // on the disk (fsync): survives both
};

struct Options {
  std::string directory;
  Flush flush = Flush::async;

  std::size_t record_bytes_max = 4 * 1024 * 1024 + 64 * 1024;  // one encoded message
  std::size_t gathered_bytes_max = 64 * 1024 * 1024;  // changes waiting for the disk; further appends are refused
  std::size_t tail_bytes = 8 * 1024 * 1024;           // newest entries kept in memory, and all that are not written
  std::size_t unsaved_keys_max = 1'000'000;           // kept in memory while the disk refuses writes; what changes
                                                      // beyond is said in the log and not kept

  std::uint64_t log_file_bytes = 128 * 1024 * 1024;  // of one file of the log; a larger entry has a file of its own

  // Messages older than this, or further from the end than this, are deleted, by whole files of the log: they may stay
  // a quarter longer, or up to a file more. 0: no such limit.
  std::int64_t retention_ms = 72LL * 3600 * 1000;
  std::uint64_t retention_bytes = 0;
  std::uint64_t free_bytes_min = 64ULL * 1024 * 1024;  // with less disk than this appends are refused, reads go on

  std::size_t write_buffer_bytes = 8 * 1024 * 1024;  // of the memory tables of index and keys, each
  std::size_t block_cache_bytes = 8 * 1024 * 1024;

  std::shared_ptr<rocksdb::FileSystem> file_system;  // null: the machine's; tests inject faults here
  std::function<std::int64_t()> now_ms;              // wall clock; null: the machine's
};

}  // namespace gantry::store
