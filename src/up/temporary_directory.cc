#include "up/temporary_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <utility>

namespace gantry::up {
namespace {

constexpr std::string_view kPrefix = "gantry-up-data-";
constexpr std::string_view kPattern = "XXXXXX";  // what mkdtemp replaces
constexpr int kAttempts = 8;

// Opens and locks a directory of ours; -1 when it is not one, or in use. A link is not followed.
int lock(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -1;
  struct stat opened, named;
  // looked at after locking: who removed it held the lock, and the name may stand for another one by now
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0 && ::fstat(fd, &opened) == 0 && opened.st_uid == ::geteuid() &&
      ::lstat(path.c_str(), &named) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev) {
    return fd;
  }
  ::close(fd);
  return -1;
}

void remove(const std::string& path, int lock) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
  ::close(lock);
}

void remove_unused(const std::filesystem::path& parent) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(parent, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (!name.starts_with(kPrefix) || name.size() != kPrefix.size() + kPattern.size()) continue;
    if (const int held = lock(entry->path()); held >= 0) remove(entry->path(), held);
  }
}

}  // namespace

Result<TemporaryDirectory> TemporaryDirectory::create() {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
  if (!error) return create(parent);
  const char* named = std::getenv("TMPDIR");
  return fail(Errc::unavailable, "no directory for temporary data: TMPDIR {}: {}", named == nullptr ? "" : named,
              error.message());
}

Result<TemporaryDirectory> TemporaryDirectory::create(const std::filesystem::path& parent) {
  remove_unused(parent);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string path = (parent / fmt::format("{}{}", kPrefix, kPattern)).string();
    if (::mkdtemp(path.data()) == nullptr)
      return fail(Errc::unavailable, "{}: no temporary directory can be made there", path);
    // another process that starts now may have taken it for an unused one before this lock: then another is made
    if (const int held = lock(path); held >= 0) return TemporaryDirectory(std::move(path), held);
  }
  return fail(Errc::unavailable, "{}: no temporary directory can be locked there", parent.string());
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, "")), lock_(std::exchange(other.lock_, -1)) {}

TemporaryDirectory::~TemporaryDirectory() {
  if (!path_.empty()) remove(path_, lock_);
}

}  // namespace gantry::up
