#include "store/log_files.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/parse_number.h"
#include "store/database.h"
#include "store/log_entry.h"

namespace gantry::store {

namespace {

constexpr std::size_t kNameDigits = 20;
constexpr std::size_t kSpareBuffers = 2;
constexpr std::size_t kSpareBufferBytesMax = 4 * 1024 * 1024;  // of one buffer that is kept

std::optional<std::uint64_t> base_of(const std::string& name) {
  return name.size() == kNameDigits ? parse_number<std::uint64_t>(name) : std::nullopt;
}

bool is_missing(const rocksdb::IOStatus& status) { return status.IsNotFound() || status.IsPathNotFound(); }

}  // namespace

std::shared_ptr<rocksdb::FileSystem> file_system_or_default(const std::shared_ptr<rocksdb::FileSystem>& wanted) {
  return wanted ? wanted : rocksdb::FileSystem::Default();
}

std::string log_directory(const std::string& data_directory) { return data_directory + "/log"; }

std::string log_file_path(const std::string& log_directory, std::uint64_t base) {
  return fmt::format("{}/{:0{}}", log_directory, base, kNameDigits);
}

rocksdb::IOStatus sync_directory(rocksdb::FileSystem& file_system, const std::string& directory) {
  std::unique_ptr<rocksdb::FSDirectory> opened;
  auto status = file_system.NewDirectory(directory, {}, &opened, nullptr);
  return status.ok() ? opened->Fsync({}, nullptr) : status;
}

// The file system's own Truncate is not implemented by RocksDB 7.8.
rocksdb::IOStatus shorten_file(rocksdb::FileSystem& file_system, const std::string& path, std::uint64_t size) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = file_system.ReopenWritableFile(path, rocksdb::FileOptions(), &file, nullptr);
  if (status.ok()) status = file->Truncate(size, {}, nullptr);
  if (status.ok()) status = file->Sync({}, nullptr);
  return status.ok() ? file->Close({}, nullptr) : status;
}

LogFiles::LogFiles(std::shared_ptr<rocksdb::FileSystem> file_system, std::string directory)
    : file_system_(std::move(file_system)), directory_(std::move(directory)) {}

std::string LogFiles::path(std::uint64_t base) const { return log_file_path(directory_, base); }

Result<void> LogFiles::load(std::uint64_t begin) {
  auto status = file_system_->CreateDirIfMissing(directory_, {}, nullptr);
  std::vector<std::string> names;
  if (status.ok()) status = file_system_->GetChildren(directory_, {}, &names, nullptr);
  if (!status.ok()) return std::unexpected(to_error(status, fmt::format("listing {}", directory_)));
  std::vector<std::uint64_t> bases;
  for (const auto& name : names) {
    if (const auto base = base_of(name)) bases.push_back(*base);
  }
  std::ranges::sort(bases);
  files_.clear();
  for (const std::uint64_t base : bases) files_.push_back({base, std::nullopt, 0});
  while (files_.size() > 1 && files_[1].base <= begin) remove_first();
  if (files_.size() == 1 && files_.front().base < begin) {  // is all of it deleted?
    auto size = size_of(0);
    if (!size) return std::unexpected(size.error());
    if (files_.front().base + *size <= begin) remove_first();
  }
  return {};
}

std::optional<std::size_t> LogFiles::find(std::uint64_t physical_offset) const {
  const auto behind = std::ranges::upper_bound(files_, physical_offset, {}, &File::base);
  if (behind == files_.begin()) return std::nullopt;
  return static_cast<std::size_t>(behind - files_.begin()) - 1;
}

Result<std::uint64_t> LogFiles::size_of(std::size_t file) {
  std::uint64_t size = 0;
  const std::string name = path(files_[file].base);
  const auto status = file_system_->GetFileSize(name, {}, &size, nullptr);
  if (!status.ok()) return std::unexpected(to_error(status, fmt::format("looking at {}", name)));
  return size;
}

void LogFiles::forget_from(std::uint64_t base) {
  while (!files_.empty() && files_.back().base >= base) {
    close(files_.back().base);
    files_.pop_back();
  }
}

Result<void> LogFiles::cut(std::uint64_t end) {
  while (!files_.empty() && files_.back().base >= end) {
    const std::string name = path(files_.back().base);
    const auto status = file_system_->DeleteFile(name, {}, nullptr);
    if (!status.ok() && !is_missing(status)) return std::unexpected(to_error(status, "removing " + name));
    forget_from(files_.back().base);
  }
  if (files_.empty()) return {};
  auto size = size_of(files_.size() - 1);
  if (!size) return std::unexpected(size.error());
  const std::uint64_t base = files_.back().base;
  if (*size <= end - base) return {};
  const auto status = shorten_file(*file_system_, path(base), end - base);
  if (!status.ok()) return std::unexpected(to_error(status, "shortening " + path(base)));
  return {};
}

Result<void> LogFiles::sync_from(std::uint64_t physical_offset) {
  const auto first = find(physical_offset);
  for (std::size_t i = first.value_or(0); i < files_.size(); ++i) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    auto status = file_system_->ReopenWritableFile(path(files_[i].base), rocksdb::FileOptions(), &file, nullptr);
    if (status.ok()) status = file->Sync({}, nullptr);
    if (!status.ok()) return std::unexpected(to_error(status, "syncing " + path(files_[i].base)));
  }
  const auto status = sync_directory(*file_system_, directory_);
  if (!status.ok()) return std::unexpected(to_error(status, "syncing " + directory_));
  return {};
}

void LogFiles::remove_first() {
  const std::uint64_t base = files_.front().base;
  close(base);
  files_.pop_front();
  const auto status = file_system_->DeleteFile(path(base), {}, nullptr);
  if (!status.ok() && !is_missing(status))
    spdlog::error("store: {}", to_error(status, "removing " + path(base)).message);
}

Result<rocksdb::FSRandomAccessFile*> LogFiles::open(std::uint64_t base) {
  const auto found = std::ranges::find(open_, base, &Open::base);
  if (found != open_.end()) {
    open_.splice(open_.begin(), open_, found);
    return open_.front().file.get();
  }
  Open opened{base, nullptr};
  const auto status = file_system_->NewRandomAccessFile(path(base), rocksdb::FileOptions(), &opened.file, nullptr);
  if (is_missing(status)) return fail(Errc::not_found, "{} is not there", path(base));
  if (!status.ok()) return std::unexpected(to_error(status, "opening " + path(base)));
  open_.push_front(std::move(opened));
  if (open_.size() > kOpenMax) open_.pop_back();
  return open_.front().file.get();
}

void LogFiles::close(std::uint64_t base) {
  open_.remove_if([&](const Open& open) { return open.base == base; });
}

Result<std::size_t> LogFiles::read(std::uint64_t physical_offset, std::size_t bytes, char* to) {
  const auto which = find(physical_offset);
  if (!which) return fail(Errc::not_found, "the log has nothing at physical offset {}", physical_offset);
  auto file = open(files_[*which].base);
  if (!file) return std::unexpected(file.error());
  rocksdb::Slice got;
  const auto status = (*file)->Read(physical_offset - files_[*which].base, bytes, {}, &got, to, nullptr);
  if (!status.ok()) return std::unexpected(to_error(status, "reading " + path(files_[*which].base)));
  if (got.data() != to && !got.empty()) std::copy_n(got.data(), got.size(), to);
  return got.size();
}

Result<std::optional<std::int64_t>> LogFiles::first_store_time_ms(std::size_t file) {
  File& which = files_[file];
  if (which.first_store_time_ms) return which.first_store_time_ms;
  char header[kEntryHeaderBytes];
  auto got = read(which.base, sizeof header, header);
  if (!got) return std::unexpected(got.error());
  if (*got == 0) return std::nullopt;
  const auto entry = *got == sizeof header ? parse_header(header, which.base) : std::nullopt;
  if (!entry) return fail(Errc::corrupt, "{} does not begin with an entry", path(which.base));
  which.first_store_time_ms = entry->store_time_ms;
  return which.first_store_time_ms;
}

std::unique_ptr<ReadBuffer> LogFiles::borrow_buffer() {
  if (spare_.empty()) return std::make_unique<ReadBuffer>();
  auto buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

void LogFiles::give_back(std::unique_ptr<ReadBuffer> buffer) {
  if (buffer && buffer->size <= kSpareBufferBytesMax && spare_.size() < kSpareBuffers)
    spare_.push_back(std::move(buffer));
}

}  // namespace gantry::store
