#include "controller/directory_lock.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace gantry::controller {

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return fail(Errc::permission_denied, "{} cannot be opened: {}", directory, std::generic_category().message(errno));
  DirectoryLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) {
    return fail(Errc::unavailable,
                "{} is in use by another process (lslocks, or fuser {}, says which): stop that one, or give this one a "
                "directory of its own",
                directory, directory);
  }
  spdlog::warn("controller: {} cannot be locked ({}): see that no second process uses it", directory,
               std::generic_category().message(errno));
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace gantry::controller
