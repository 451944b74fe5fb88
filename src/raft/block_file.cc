#include "raft/block_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <utility>

namespace gantry::raft {
namespace {

constexpr std::uint64_t block = BlockFile::block_bytes;

std::unexpected<Error> file_error(std::string_view doing, const std::string& path) {
  const auto code = errno == ENOSPC || errno == EDQUOT ? Errc::resource_exhausted : Errc::unavailable;
  return fail(code, "{} {}: {}", doing, path, std::strerror(errno));
}

// File systems in memory, and some over a network, have no way past the page cache.
int open_direct(const std::string& path, int flags) {
  const int direct = ::open(path.c_str(), flags | O_RDWR | O_CLOEXEC | O_DIRECT, 0640);
  if (direct >= 0 || errno != EINVAL) return direct;
  return ::open(path.c_str(), (flags & ~O_EXCL) | O_RDWR | O_CLOEXEC, 0640);
}

}  // namespace

void BlockFile::Blocks::reserve(std::size_t bytes) {
  if (bytes <= capacity_) return;
  const std::size_t wanted = (std::max(bytes, 2 * capacity_) + block - 1) / block * block;
  std::unique_ptr<char, Free> larger(static_cast<char*>(std::aligned_alloc(block, wanted)));
  if (!larger) throw std::bad_alloc();
  if (capacity_ != 0) std::memcpy(larger.get(), memory_.get(), capacity_);
  memory_ = std::move(larger);
  capacity_ = wanted;
}

BlockFile::BlockFile(std::string path, int descriptor, std::uint64_t size)
    : path_(std::move(path)), descriptor_(descriptor), size_(size) {}

BlockFile::BlockFile(BlockFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

BlockFile& BlockFile::operator=(BlockFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

BlockFile::~BlockFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::unexpected<Error> BlockFile::failed(std::string_view doing) const { return file_error(doing, path_); }

Result<BlockFile> BlockFile::create(std::string path, std::uint64_t bytes) {
  const int descriptor = open_direct(path, O_CREAT | O_EXCL);
  if (descriptor < 0) return file_error("creating", path);
  BlockFile file(std::move(path), descriptor, bytes);
  // The room is taken now: a full disk is met here, and not by the write in the middle of a promise.
  const auto size = static_cast<off_t>(bytes);
  const bool taken =
      ::fallocate(descriptor, 0, 0, size) == 0 || (errno == EOPNOTSUPP && ::ftruncate(descriptor, size) == 0);
  if (taken && ::fsync(descriptor) == 0) return file;
  auto error = file.failed("taking room for");
  ::unlink(file.path_.c_str());
  return error;
}

Result<BlockFile> BlockFile::open(std::string path) {
  const int descriptor = open_direct(path, 0);
  if (descriptor < 0) return file_error("opening", path);
  struct stat info{};
  BlockFile file(std::move(path), descriptor, 0);
  if (::fstat(descriptor, &info) != 0) return file.failed("opening");
  file.size_ = static_cast<std::uint64_t>(info.st_size);
  return file;
}

Result<void> BlockFile::rename(std::string path) {
  if (::rename(path_.c_str(), path.c_str()) != 0) return failed("renaming");
  path_ = std::move(path);
  return {};
}

Result<std::string> BlockFile::read(std::uint64_t at, std::size_t size) const {
  const std::uint64_t begin = at / block * block;
  const std::uint64_t end = (at + size + block - 1) / block * block;
  Blocks blocks;
  blocks.reserve(end - begin);
  std::uint64_t have = 0;
  while (have < end - begin) {
    const auto got = ::pread(descriptor_, blocks.data() + have, end - begin - have, static_cast<off_t>(begin + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("reading");
    have += static_cast<std::uint64_t>(got);
    if (got == 0 || have % block != 0) break;  // where the file ends
  }
  const std::uint64_t skipped = at - begin;
  if (have <= skipped) return std::string();
  return std::string(blocks.data() + skipped, std::min<std::uint64_t>(size, have - skipped));
}

Result<void> BlockFile::write_synced(std::uint64_t at, Blocks& blocks, std::size_t bytes) {
  std::size_t done = 0;
  while (done < bytes) {
    const auto written = ::pwrite(descriptor_, blocks.data() + done, bytes - done, static_cast<off_t>(at + done));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("writing");
    done += static_cast<std::size_t>(written);
    if (written == 0 || done % block != 0) {  // as a disk does that is full
      errno = ENOSPC;
      return failed("writing");
    }
  }
  if (::fdatasync(descriptor_) != 0) return failed("syncing");
  size_ = std::max<std::uint64_t>(size_, at + bytes);
  return {};
}

}  // namespace gantry::raft
