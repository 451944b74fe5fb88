#include "store/log_writer.h"

#include <spdlog/spdlog.h>

#include "store/log_files.h"

namespace gantry::store {

namespace {

constexpr std::size_t kProbeBytes = 64 * 1024;

}  // namespace

LogWriter::LogWriter(std::shared_ptr<rocksdb::FileSystem> file_system, std::string directory, Flush flush)
    : file_system_(std::move(file_system)), directory_(std::move(directory)), sync_(flush == Flush::sync) {}

LogWriter::~LogWriter() { stop(); }

void LogWriter::start_at(std::uint64_t base, std::uint64_t size, std::uint64_t synced_to,
                         const std::vector<Written>& unsynced) {
  base_ = base;
  size_ = size;
  synced_to_ = synced_to;
  if (sync_) return;
  for (const auto& [file, end] : unsynced) {
    std::unique_ptr<rocksdb::FSWritableFile> opened;
    const auto status =
        file_system_->ReopenWritableFile(log_file_path(directory_, file), rocksdb::FileOptions(), &opened, nullptr);
    if (!status.ok()) {
      spdlog::error("store: {} cannot be synced: {}", log_file_path(directory_, file), status.ToString());
      sync_failed_ = true;
      return;
    }
    unsynced_.push_back({std::move(opened), end});
  }
  sync_in_background();
}

rocksdb::IOStatus LogWriter::write(const LogWrite& write) {
  before_base_ = base_;
  before_size_ = size_;
  made_.clear();
  rocksdb::IOStatus status;
  for (const auto& segment : write.segments) {
    status = append(segment);
    if (!status.ok()) return status;
  }
  if (!sync_) return status;
  status = file_->Sync({}, nullptr);
  if (status.ok() && directory_changed_) {
    status = sync_directory(*file_system_, directory_);
    directory_changed_ = !status.ok();
  }
  if (status.ok()) synced_to_.store(write.end, std::memory_order_release);
  return status;
}

rocksdb::IOStatus LogWriter::append(const LogWrite::Segment& segment) {
  if (segment.base != base_) {
    auto status = leave_file();
    if (status.ok()) status = open(segment.base);
    if (!status.ok()) return status;
  } else if (!file_) {
    auto status = open(segment.base);
    if (!status.ok()) return status;
  }
  auto status = file_->Append({segment.bytes, segment.size}, {}, nullptr);
  if (status.ok()) size_ += segment.size;
  return status;
}

rocksdb::IOStatus LogWriter::open(std::uint64_t base) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  const std::string name = log_file_path(directory_, base);
  rocksdb::IOStatus status;
  if (base == base_) {
    status = file_system_->ReopenWritableFile(name, rocksdb::FileOptions(), &file, nullptr);
  } else {
    made_.push_back(base);
    status = file_system_->NewWritableFile(name, rocksdb::FileOptions(), &file, nullptr);
    if (status.ok()) {
      directory_changed_ = true;
      base_ = base;
      size_ = 0;
    }
  }
  if (status.ok()) file_ = std::move(file);
  return status;
}

rocksdb::IOStatus LogWriter::leave_file() {
  if (!file_) return rocksdb::IOStatus::OK();
  auto file = std::exchange(file_, nullptr);
  if (sync_) {
    auto status = file->Sync({}, nullptr);
    return status.ok() ? file->Close({}, nullptr) : status;
  }
  unsynced_.push_back({std::move(file), base_ + size_});
  sync_in_background();
  return rocksdb::IOStatus::OK();
}

// One thread at a time; what comes meanwhile goes with the next.
void LogWriter::sync_in_background() {
  if (syncing_ || unsynced_.empty()) return;
  if (syncer_.joinable()) syncer_.join();
  syncing_ = true;
  syncer_ = std::thread([this, files = std::exchange(unsynced_, {})]() mutable {
    if (!sync_directory(*file_system_, directory_).ok()) sync_failed_ = true;
    for (auto& [file, end] : files) {
      const auto status = file->Sync({}, nullptr);
      if (!status.ok() && !sync_failed_.exchange(true))
        spdlog::error("store: the disk did not take what was written to the log: {}", status.ToString());
      if (!sync_failed_ && end > synced_to()) synced_to_.store(end, std::memory_order_release);
      file.reset();  // closes it, unless it is written on
    }
    syncing_ = false;
  });
}

void LogWriter::rest() {
  if (sync_ || !file_ || base_ + size_ <= synced_to()) return;
  unsynced_.push_back({file_, base_ + size_});
  sync_in_background();
}

void LogWriter::take_back() {
  to_take_back_ = true;
  // the next write goes to a new file: what was written to this one before must still be synced
  if (!sync_ && file_ && base_ == before_base_) unsynced_.push_back({file_, before_base_ + before_size_});
  file_.reset();
  base_ = before_base_;
  size_ = before_size_;
  (void)try_take_back();
}

rocksdb::IOStatus LogWriter::try_take_back() {
  if (!to_take_back_) return rocksdb::IOStatus::OK();
  for (const std::uint64_t base : made_) {
    auto status = file_system_->DeleteFile(log_file_path(directory_, base), {}, nullptr);
    if (!status.ok() && !status.IsNotFound() && !status.IsPathNotFound()) return status;
  }
  if (base_ != UINT64_MAX) {
    const std::string name = log_file_path(directory_, base_);
    std::uint64_t size = 0;
    auto status = file_system_->GetFileSize(name, {}, &size, nullptr);
    if (status.ok() && size > size_) status = shorten_file(*file_system_, name, size_);
    if (!status.ok() && !status.IsNotFound() && !status.IsPathNotFound()) return status;
  }
  if (sync_ && !made_.empty()) {
    if (auto status = sync_directory(*file_system_, directory_); !status.ok()) return status;
  }
  made_.clear();
  to_take_back_ = false;
  return rocksdb::IOStatus::OK();
}

rocksdb::IOStatus LogWriter::repair() {
  auto status = try_take_back();
  if (!status.ok()) return status;
  const std::string name = directory_ + "/probe";
  std::unique_ptr<rocksdb::FSWritableFile> file;
  status = file_system_->NewWritableFile(name, rocksdb::FileOptions(), &file, nullptr);
  if (!status.ok()) return status;
  status = file->Append(std::string(kProbeBytes, '\0'), {}, nullptr);
  if (status.ok() && sync_) status = file->Sync({}, nullptr);
  file.reset();
  (void)file_system_->DeleteFile(name, {}, nullptr);
  return status;
}

void LogWriter::stop() {
  if (syncer_.joinable()) syncer_.join();
  unsynced_.clear();
  file_.reset();
  (void)try_take_back();
}

}  // namespace gantry::store
