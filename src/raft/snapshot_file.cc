#include "raft/snapshot_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/checksum.h"
#include "raft/bytes.h"
#include "raft/codec.h"

namespace gantry::raft {
namespace {

constexpr std::string_view file_prefix = "snapshot-";
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
  return fail(code, "snapshot {} cannot be written: {}", path, std::strerror(errno));
}

std::unexpected<Error> damaged(const std::string& path, std::string_view why) {
  return fail(
      Errc::corrupt,
      "snapshot {} is damaged: {}; as long as a majority of the other members works, remove this node from the group, "
      "delete its data directory and add it again with a new id",
      path, why);
}

}  // namespace

std::string snapshot_path(const std::string& directory, Index index) {
  return fmt::format("{}/{}{:020}", directory, file_prefix, index);
}

Result<void> write_snapshot_file(const std::string& directory, const SnapshotMeta& meta, std::string_view bytes) {
  auto path = snapshot_path(directory, meta.at.index);
  auto unfinished = path + std::string(unfinished_suffix);
  auto encoded = encode(meta);
  std::string checksum;
  put(checksum, crc32c(bytes, crc32c(encoded)));
  {
    File file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    bool written = file.ok() && file.write(checksum) && file.write(encoded) && file.write(bytes) && file.sync();
    if (!written) return disk_error(path);
  }
  if (::rename(unfinished.c_str(), path.c_str()) != 0) return disk_error(path);
  File folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.ok() || !folder.sync()) return disk_error(path);
  return {};
}

Result<Snapshot> read_snapshot_file(const std::string& directory, Index index) {
  auto path = snapshot_path(directory, index);
  std::ifstream file(path, std::ios::binary);
  if (!file) return damaged(path, "it cannot be opened");
  std::string content{std::istreambuf_iterator<char>(file), {}};
  ByteReader reader(content);
  auto checksum = reader.number<std::uint32_t>();
  if (!reader.ok() || checksum != crc32c(reader.rest())) return damaged(path, "its checksum is wrong");
  auto view = decode_snapshot(reader.rest());
  if (!view) return damaged(path, view.error().message);
  if (view->meta.at.index != index) return damaged(path, "it is that of another entry");
  return Snapshot{std::move(view->meta), std::string(view->bytes)};
}

void remove_snapshot_files(const std::string& directory, Index keep) {
  std::error_code error;
  auto kept = snapshot_path(directory, keep);
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const auto& path = entry.path();
    if (path.filename().string().starts_with(file_prefix) && path != kept) std::filesystem::remove(path, error);
  }
}

}  // namespace gantry::raft
