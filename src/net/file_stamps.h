// Tells whether files are others than before, without reading them: by inode, size and time of the last change. A mounted
// Secret is renewed by a symbolic link to a new folder, so links are followed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/tls.h"

namespace gantry::net {

class FileStamps {
 public:
  FileStamps() = default;
  // Of certificate, key and CA. A file that is not there, or not named, has a stamp too.
  static FileStamps of(const TlsFiles& files);
  bool operator==(const FileStamps&) const = default;

 private:
  struct Stamp {
    std::uint64_t inode = 0;
    std::int64_t size = -1, changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  std::vector<Stamp> stamps_;
};

}  // namespace gantry::net
