#include "raft/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace gantry::raft {
namespace {

constexpr std::string_view unfinished_suffix = ".unfinished";

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool ok() const { return descriptor_ >= 0; }
  bool sync() const { return ::fsync(descriptor_) == 0; }
  bool write(std::string_view bytes) const {
    while (!bytes.empty()) {
      auto written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

 private:
  int descriptor_;
};

std::unexpected<Error> disk_error(const std::string& path) {
  auto code = errno == ENOSPC ? Errc::resource_exhausted : Errc::unavailable;
  return fail(code, "{} cannot be written: {}", path, std::strerror(errno));
}

}  // namespace

Result<void> write_durably(const std::string& path, std::initializer_list<std::string_view> pieces) {
  auto unfinished = path + std::string(unfinished_suffix);
  {
    File file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    bool written =
        file.ok() && std::ranges::all_of(pieces, [&](auto piece) { return file.write(piece); }) && file.sync();
    if (!written) return disk_error(path);
  }
  if (::rename(unfinished.c_str(), path.c_str()) != 0) return disk_error(path);
  return sync_folder(std::filesystem::path(path).parent_path());
}

Result<void> sync_folder(const std::string& path) {
  File folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.ok() || !folder.sync()) return disk_error(path);
  return {};
}

}  // namespace gantry::raft
