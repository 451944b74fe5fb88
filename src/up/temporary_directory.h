// The data of an embedded broker that nobody asked to keep: a directory of its own, gone with the process. One that was
// killed with -9 leaves its directory; the next to start removes it. A directory is in use as long as a process holds
// the lock (flock) on it, which the kernel gives back however that process ends.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace gantry::up {

class TemporaryDirectory {
 public:
  // Makes a directory in `parent`, after it has removed those there that are ours (name, owner) and in nobody's use.
  // Errors: unavailable (parent cannot be written).
  static Result<TemporaryDirectory> create(const std::filesystem::path& parent);
  // In the system's directory for such: TMPDIR, or /tmp. Errors: unavailable, also for a TMPDIR that is none.
  static Result<TemporaryDirectory> create();
  ~TemporaryDirectory();  // removes it with all that is in it; symbolic links are removed, not followed
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;

  const std::string& path() const { return path_; }

 private:
  TemporaryDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;  // empty: moved away
  int lock_;
};

}  // namespace gantry::up
