// Appends to the log's files. One thread at a time calls it: the event loop's, or under Flush::sync the commit thread
// while a group is with it. What a failed write left behind is taken back before anything else is written, so that
// nothing that was refused can come back.
//
// Under Flush::async a file that is full is synced in the background: from synced_to() on a start must look whether
// what is in the files is whole, because the power may have gone meanwhile.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/options.h"

namespace gantry::store {

// What one group appends, in order.
struct LogWrite {
  struct Segment {
    std::uint64_t base;  // of the file it goes to
    const char* bytes;   // in the tail cache
    std::size_t size;
  };
  std::vector<Segment> segments;
  std::uint64_t end = 0;  // physical offset behind it
};

class LogWriter {
 public:
  LogWriter(std::shared_ptr<rocksdb::FileSystem> file_system, std::string directory, Flush flush);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  struct Written {
    std::uint64_t base;  // of a file
    std::uint64_t end;   // physical offset behind it
  };
  // Where the last file ends that is there. synced_to: as it was remembered; unsynced: the files that reach beyond, in
  // order, which under Flush::async are synced in the background.
  void start_at(std::uint64_t base, std::uint64_t size, std::uint64_t synced_to, const std::vector<Written>& unsynced);

  // When it succeeds the bytes are as durable as the flush promises. When it fails, take_back() is to be called.
  rocksdb::IOStatus write(const LogWrite& write);
  // Undoes the last write, which must be the one before this call; what cannot be undone now is by repair().
  void take_back();
  // Whether the disk takes writes (a few KiB are tried); fails also as long as something is not taken back.
  rocksdb::IOStatus repair();

  // All before it is on the disk. Any thread.
  std::uint64_t synced_to() const { return synced_to_.load(std::memory_order_acquire); }
  // Asks for the newest file to be synced in the background, when it is not.
  void rest();
  // Waits for what is being synced, closes. Idempotent.
  void stop();

 private:
  struct Unsynced {
    std::shared_ptr<rocksdb::FSWritableFile> file;
    std::uint64_t end;
  };

  rocksdb::IOStatus append(const LogWrite::Segment& segment);
  rocksdb::IOStatus open(std::uint64_t base);
  rocksdb::IOStatus leave_file();
  rocksdb::IOStatus try_take_back();
  void sync_in_background();

  std::shared_ptr<rocksdb::FileSystem> file_system_;
  std::string directory_;
  bool sync_;
  std::shared_ptr<rocksdb::FSWritableFile> file_;  // null: to be opened by the next write
  std::uint64_t base_ = UINT64_MAX;                // of the file that is written, UINT64_MAX: none yet
  std::uint64_t size_ = 0;                         // of it
  bool directory_changed_ = false;
  // before the last write
  std::uint64_t before_base_ = UINT64_MAX;
  std::uint64_t before_size_ = 0;
  std::vector<std::uint64_t> made_;  // files
  bool to_take_back_ = false;

  std::vector<Unsynced> unsynced_;
  std::atomic<std::uint64_t> synced_to_{0};
  std::atomic<bool> syncing_{false};
  std::atomic<bool> sync_failed_{false};  // what was not written then may never be: nothing more is promised
  std::thread syncer_;
};

}  // namespace gantry::store
