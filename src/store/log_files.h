// The files of the log, as readers and retention see them: DIR/log/<physical offset of the first byte, 20 digits>. Each
// begins with an entry, no entry spans two, and their names only grow; between the end of one and the begin of the next
// may be a gap, because a physical offset is never given twice. Event loop's thread only; log_writer.h writes them.
#pragma once

#include <rocksdb/file_system.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace gantry::store {

// Memory that reads go to, without the cost of making it anew for each.
struct ReadBuffer {
  std::unique_ptr<char[]> bytes;
  std::size_t size = 0;

  char* hold(std::size_t wanted) {
    if (size < wanted) {
      bytes.reset(new char[wanted]);  // not zeroed
      size = wanted;
    }
    return bytes.get();
  }
};

class LogFiles {
 public:
  static constexpr std::size_t kOpenMax = 32;  // files open for reading

  LogFiles(std::shared_ptr<rocksdb::FileSystem> file_system, std::string directory);

  struct File {
    std::uint64_t base = 0;
    std::optional<std::int64_t> first_store_time_ms;  // of its first entry, once known
    std::int64_t newest_noted_ms = 0;                 // of what was written by this process: clocks go back, too
  };

  // Makes the directory, lists what is there, removes the files that lie wholly before `begin`.
  Result<void> load(std::uint64_t begin);

  // In order of their bases.
  const std::deque<File>& files() const { return files_; }
  // The file in which this physical offset lies, if there is one that begins at it or before.
  std::optional<std::size_t> find(std::uint64_t physical_offset) const;
  Result<std::uint64_t> size_of(std::size_t file);
  std::string path(std::uint64_t base) const;

  // The writer will make it with the next write.
  void begin(std::uint64_t base, std::int64_t first_store_time_ms) {
    files_.push_back({base, first_store_time_ms, first_store_time_ms});
  }
  void note_store_time(std::int64_t store_time_ms) {  // of an entry of the newest file
    files_.back().newest_noted_ms = std::max(files_.back().newest_noted_ms, store_time_ms);
  }
  // Those that begin there or behind were not written after all.
  void forget_from(std::uint64_t base);
  // Makes the file end there and removes those behind. For the start, before anything is read or written.
  Result<void> cut(std::uint64_t end);
  // Waits until all from there on is on the disk. For the start, too.
  Result<void> sync_from(std::uint64_t physical_offset);
  // Removes the first file; errors are said in the log, the next start tries again.
  void remove_first();

  // As many of the bytes as the file has; fewer than asked for at its end, 0 where there is none.
  // code: not_found when the file is gone, else as to_error.
  Result<std::size_t> read(std::uint64_t physical_offset, std::size_t bytes, char* to);

  // nullopt: the file has no entry.
  Result<std::optional<std::int64_t>> first_store_time_ms(std::size_t file);

  std::unique_ptr<ReadBuffer> borrow_buffer();
  void give_back(std::unique_ptr<ReadBuffer> buffer);
  void rest() { spare_.clear(); }

 private:
  struct Open {
    std::uint64_t base;
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  };
  Result<rocksdb::FSRandomAccessFile*> open(std::uint64_t base);
  void close(std::uint64_t base);

  std::shared_ptr<rocksdb::FileSystem> file_system_;
  std::string directory_;
  std::deque<File> files_;
  std::list<Open> open_;  // the last used first
  std::vector<std::unique_ptr<ReadBuffer>> spare_;
};

// The machine's when the options name none.
std::shared_ptr<rocksdb::FileSystem> file_system_or_default(const std::shared_ptr<rocksdb::FileSystem>& wanted);
// Waits until files that were made in the directory are found there after a loss of power.
rocksdb::IOStatus sync_directory(rocksdb::FileSystem& file_system, const std::string& directory);
// Cuts a file that is there and that nobody writes, and waits until that is on the disk.
rocksdb::IOStatus shorten_file(rocksdb::FileSystem& file_system, const std::string& path, std::uint64_t size);
std::string log_directory(const std::string& data_directory);
std::string log_file_path(const std::string& log_directory, std::uint64_t base);

}  // namespace gantry::store
