// One process to a directory: a second one would write into the log of the first. The kernel gives the lock back however
// the process ends. (Two processes on copies of a directory are another matter: twins.h.)
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace gantry::controller {

class DirectoryLock {
 public:
  // The directory is there. Errc::unavailable: another process has it, and how to see which. Where the file system knows no
  // locks it is as if nobody had it; the log says so.
  static Result<DirectoryLock> take(const std::string& directory);

  DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}

  int fd_ = -1;
};

}  // namespace gantry::controller
