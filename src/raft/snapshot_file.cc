#include "raft/snapshot_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/checksum.h"
#include "raft/bytes.h"
#include "raft/codec.h"
#include "raft/durable_file.h"
#include "raft/log_store.h"

namespace gantry::raft {
namespace {

constexpr std::string_view file_prefix = "snapshot-";

std::unexpected<Error> damaged(const std::string& path, std::string_view why) {
  return fail(Errc::corrupt, "snapshot {} is damaged: {}; {}", path, why, kAfterDamage);
}

}  // namespace

std::string snapshot_path(const std::string& directory, Index index) {
  return fmt::format("{}/{}{:020}", directory, file_prefix, index);
}

Result<void> write_snapshot_file(const std::string& directory, const SnapshotMeta& meta, std::string_view bytes) {
  auto path = snapshot_path(directory, meta.at.index);
  auto encoded = encode(meta);
  std::string checksum;
  put_fixed(checksum, crc32c(bytes, crc32c(encoded)));
  auto written = write_durably(path, {checksum, encoded, bytes});
  if (!written) return fail(written.error().code, "snapshot {}", written.error().message);
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
  if (!view && view.error().code == Errc::unimplemented)
    return fail(Errc::unimplemented, "snapshot {}: {}", path, view.error().message);
  if (!view) return damaged(path, view.error().message);
  if (view->meta.at.index != index) return damaged(path, "it is that of another entry");
  return Snapshot{std::move(view->meta), std::string(view->bytes)};
}

void remove_snapshot_files(const std::string& directory, Index keep) {
  std::error_code error;
  auto kept = snapshot_path(directory, keep);
  // step by step: a range-for would throw where the directory cannot be read on
  std::filesystem::directory_iterator entry(directory, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    const auto& path = entry->path();
    std::error_code ignored;
    if (path.filename().string().starts_with(file_prefix) && path != kept) std::filesystem::remove(path, ignored);
    entry.increment(error);
  }
}

}  // namespace gantry::raft
