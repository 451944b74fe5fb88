// A file system of a few MiB, for tests of disks that are full.
#pragma once

#include <sys/mount.h>

#include <filesystem>
#include <string>

namespace gantry {

class SmallDisk {
 public:
  // Mounts it over a directory that is made; `size` as mount(8) reads it ("24m"). To mount needs root.
  SmallDisk(std::filesystem::path directory, const std::string& size) : directory_(std::move(directory)) {
    std::filesystem::create_directory(directory_);
    mounted_ = mount(size, 0);
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(directory_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  bool resize(const std::string& size) { return mount(size, MS_REMOUNT); }

 private:
  bool mount(const std::string& size, unsigned long flags) const {
    return ::mount("tmpfs", directory_.c_str(), "tmpfs", flags, ("size=" + size).c_str()) == 0;
  }

  std::filesystem::path directory_;
  bool mounted_ = false;
};

}  // namespace gantry
