// A disk that can lose power: what was written and not synced is cut off at a random byte, and a file of the log whose
// directory was not synced after it was made may be gone. It stands under the log's files and RocksDB, so that a test can
// tell a store that waits for the disk from one that does not.
#pragma once

#include <rocksdb/file_system.h>

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>

namespace gantry::store {

class LosingFileSystem : public rocksdb::FileSystemWrapper {
 public:
  LosingFileSystem() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "LosingFileSystem"; }

  // After this many more bytes the power is off: the write in progress is cut, everything after it fails.
  void power_off_after(std::uint64_t bytes) {
    std::lock_guard lock(mutex_);
    bytes_left_ = bytes;
  }
  void power_off() { power_off_after(0); }
  // Whether or not something was cut, writes go through again.
  void power_on() { power_off_after(UINT64_MAX); }
  // Writes to files whose name ends so fail; empty: to none.
  void refuse_files(std::string ending) {
    std::lock_guard lock(mutex_);
    refused_ending_ = std::move(ending);
  }
  // The disk is full: writes fail until there is room again.
  void set_full(bool full) {
    std::lock_guard lock(mutex_);
    full_ = full;
  }

  // What the disk says is free.
  void set_free_bytes(std::uint64_t bytes) {
    std::lock_guard lock(mutex_);
    free_bytes_ = bytes;
  }
  rocksdb::IOStatus GetFreeSpace(const std::string&, const rocksdb::IOOptions&, std::uint64_t* free,
                                 rocksdb::IODebugContext*) override {
    std::lock_guard lock(mutex_);
    *free = free_bytes_;
    return rocksdb::IOStatus::OK();
  }

  std::uint64_t refused_writes() {
    std::lock_guard lock(mutex_);
    return refused_writes_;
  }
  // Files cannot be shortened or removed.
  void set_stuck(bool stuck) {
    std::lock_guard lock(mutex_);
    stuck_ = stuck;
  }
  // The disk cannot be read: what is in no cache fails.
  void set_unreadable(bool unreadable) {
    std::lock_guard lock(mutex_);
    unreadable_ = unreadable;
  }
  // What is read is not what was written.
  void set_damaged(bool damaged) {
    std::lock_guard lock(mutex_);
    damaged_ = damaged;
  }
  // The disk takes its time: while held, nothing that waits for it (fsync) comes back.
  void hold_syncs(bool hold) {
    {
      std::lock_guard lock(mutex_);
      hold_syncs_ = hold;
    }
    released_.notify_all();
  }

  // To be called when nothing uses the files: cuts what was not synced and switches the power on again.
  void lose_unsynced(std::mt19937_64& random) {
    std::lock_guard lock(mutex_);
    for (auto& [name, file] : files_) {
      std::error_code error;
      const auto size = std::filesystem::file_size(name, error);
      if (!error && !file.listed && random() % 2 == 0) {
        lost_bytes_ += size;
        std::filesystem::remove(name, error);
        continue;
      }
      if (error || size <= file.synced) continue;
      const auto kept = file.synced + random() % (size - file.synced + 1);
      lost_bytes_ += size - kept;
      std::filesystem::resize_file(name, kept, error);
    }
    files_.clear();
    bytes_left_ = UINT64_MAX;
  }
  std::uint64_t lost_bytes() const { return lost_bytes_; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    auto status = target()->NewWritableFile(name, options, result, debug);
    return wrap(name, result, std::move(status), File{.listed = name.find("/log/") == std::string::npos});
  }
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                        rocksdb::IODebugContext* debug) override {
    auto status = target()->NewRandomAccessFile(name, options, result, debug);
    if (status.ok()) *result = std::make_unique<Reader>(std::move(*result), *this);
    return status;
  }
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* debug) override {
    auto status = target()->ReopenWritableFile(name, options, result, debug);
    std::error_code error;
    const auto size = std::filesystem::file_size(name, error);
    return wrap(name, result, std::move(status), File{.written = size, .synced = size});
  }
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    if (stuck()) return rocksdb::IOStatus::IOError("the disk does not answer");
    auto status = target()->DeleteFile(name, options, debug);
    std::lock_guard lock(mutex_);
    if (status.ok()) files_.erase(name);
    return status;
  }
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* debug) override {
    auto status = target()->NewDirectory(name, options, result, debug);
    if (status.ok()) *result = std::make_unique<Directory>(name + "/", *this);
    return status;
  }
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    auto status = target()->RenameFile(from, to, options, debug);
    if (status.ok()) {
      std::lock_guard lock(mutex_);
      if (auto found = files_.find(from); found != files_.end()) {
        files_[to] = found->second;
        files_.erase(found);
      }
    }
    return status;
  }

 private:
  struct File {
    std::uint64_t written = 0, synced = 0;
    bool listed = true;  // in its directory, also after a loss of power
  };

  class Directory : public rocksdb::FSDirectory {
   public:
    Directory(std::string prefix, LosingFileSystem& disk) : prefix_(std::move(prefix)), disk_(disk) {}
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
      return disk_.listed(prefix_);
    }

   private:
    std::string prefix_;
    LosingFileSystem& disk_;
  };

  class Reader : public rocksdb::FSRandomAccessFileOwnerWrapper {
   public:
    Reader(std::unique_ptr<rocksdb::FSRandomAccessFile> file, LosingFileSystem& disk)
        : rocksdb::FSRandomAccessFileOwnerWrapper(std::move(file)), disk_(disk) {}

    rocksdb::IOStatus Read(std::uint64_t at, std::size_t bytes, const rocksdb::IOOptions& options,
                           rocksdb::Slice* result, char* scratch, rocksdb::IODebugContext* debug) const override {
      if (disk_.unreadable()) return rocksdb::IOStatus::IOError("the disk cannot be read");
      auto status = target()->Read(at, bytes, options, result, scratch, debug);
      if (status.ok() && result->data() == scratch && result->size() > 0 && disk_.damaged())
        scratch[result->size() / 2] ^= 1;
      return status;
    }
    rocksdb::IOStatus MultiRead(rocksdb::FSReadRequest* requests, std::size_t count, const rocksdb::IOOptions& options,
                                rocksdb::IODebugContext* debug) override {
      if (disk_.unreadable()) return rocksdb::IOStatus::IOError("the disk cannot be read");
      return target()->MultiRead(requests, count, options, debug);
    }

   private:
    LosingFileSystem& disk_;
  };

  class Writer : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    Writer(std::unique_ptr<rocksdb::FSWritableFile> file, std::string name, LosingFileSystem& disk)
        : rocksdb::FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), disk_(disk) {}

    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      std::size_t allowed = data.size();
      auto refused = disk_.spend(name_, allowed);
      if (allowed > 0) {
        auto status = target()->Append({data.data(), allowed}, options, debug);
        if (!status.ok()) return status;
        disk_.wrote(name_, allowed);
      }
      return refused;
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo&, rocksdb::IODebugContext* debug) override {
      return Append(data, options, debug);
    }
    rocksdb::IOStatus Truncate(std::uint64_t size, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
      if (disk_.stuck()) return rocksdb::IOStatus::IOError("the disk does not answer");
      auto status = target()->Truncate(size, options, debug);
      if (status.ok()) disk_.shortened(name_, size);
      return status;
    }
    // The real fsync is left out: only what the store asked for counts, and tests should be fast.
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
      disk_.wait_for_release();
      auto flushed = target()->Flush(options, debug);
      return flushed.ok() ? disk_.synced(name_) : flushed;
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
      return Sync(options, debug);
    }

   private:
    std::string name_;
    LosingFileSystem& disk_;
  };

  rocksdb::IOStatus wrap(const std::string& name, std::unique_ptr<rocksdb::FSWritableFile>* result,
                         rocksdb::IOStatus status, File file) {
    if (!status.ok()) return status;
    std::lock_guard lock(mutex_);
    if (bytes_left_ == 0) return rocksdb::IOStatus::IOError("power is off");
    if (auto known = files_.find(name); known != files_.end() && file.written != 0) file = known->second;
    files_[name] = file;
    *result = std::make_unique<Writer>(std::move(*result), name, *this);
    return status;
  }

  rocksdb::IOStatus spend(const std::string& name, std::size_t& bytes) {
    std::lock_guard lock(mutex_);
    if (!refused_ending_.empty() && name.ends_with(refused_ending_)) {
      bytes = 0;
      ++refused_writes_;
      return rocksdb::IOStatus::NoSpace("this file takes no writes");
    }
    if (full_) {
      ++refused_writes_;
      bytes = 0;
      return rocksdb::IOStatus::NoSpace("the disk is full");
    }
    if (bytes_left_ == UINT64_MAX) return rocksdb::IOStatus::OK();
    if (bytes <= bytes_left_) {
      bytes_left_ -= bytes;
      return rocksdb::IOStatus::OK();
    }
    bytes = bytes_left_;
    bytes_left_ = 0;
    return rocksdb::IOStatus::IOError("power is off");
  }
  bool stuck() {
    std::lock_guard lock(mutex_);
    return stuck_ || bytes_left_ == 0;
  }
  void shortened(const std::string& name, std::uint64_t size) {
    std::lock_guard lock(mutex_);
    File& file = files_[name];
    file.written = std::min(file.written, size);
    file.synced = std::min(file.synced, size);
  }
  rocksdb::IOStatus listed(const std::string& prefix) {
    std::lock_guard lock(mutex_);
    if (bytes_left_ == 0) return rocksdb::IOStatus::IOError("power is off");
    for (auto& [name, file] : files_) {
      if (name.starts_with(prefix)) file.listed = true;
    }
    return rocksdb::IOStatus::OK();
  }
  bool damaged() {
    std::lock_guard lock(mutex_);
    return damaged_;
  }
  bool unreadable() {
    std::lock_guard lock(mutex_);
    return unreadable_;
  }
  void wait_for_release() {
    std::unique_lock lock(mutex_);
    released_.wait(lock, [&] { return !hold_syncs_; });
  }
  void wrote(const std::string& name, std::size_t bytes) {
    std::lock_guard lock(mutex_);
    files_[name].written += bytes;
  }
  rocksdb::IOStatus synced(const std::string& name) {
    std::lock_guard lock(mutex_);
    if (bytes_left_ == 0) return rocksdb::IOStatus::IOError("power is off");
    files_[name].synced = files_[name].written;
    return rocksdb::IOStatus::OK();
  }

  std::mutex mutex_;
  std::map<std::string, File> files_;
  std::uint64_t bytes_left_ = UINT64_MAX;
  std::string refused_ending_;
  std::uint64_t free_bytes_ = UINT64_MAX;
  std::uint64_t lost_bytes_ = 0;
  std::uint64_t refused_writes_ = 0;
  std::condition_variable released_;
  bool full_ = false;
  bool stuck_ = false;
  bool unreadable_ = false;
  bool damaged_ = false;
  bool hold_syncs_ = false;
};

}  // namespace gantry::store
