#include "net/file_stamps.h"

#include <sys/stat.h>

namespace gantry::net {

FileStamps FileStamps::of(const TlsFiles& files) {
  FileStamps stamps;
  for (const std::string* file : {&files.certificate_file, &files.key_file, &files.ca_file}) {
    Stamp& stamp = stamps.stamps_.emplace_back();
    struct stat found = {};
    if (file->empty() || stat(file->c_str(), &found) != 0) continue;
    stamp.inode = found.st_ino;
    stamp.size = found.st_size;
    stamp.changed_ns = found.st_mtim.tv_sec * 1'000'000'000LL + found.st_mtim.tv_nsec;
  }
  return stamps;
}

}  // namespace gantry::net
