// A snapshot as a file: <directory>/snapshot-<index, 20 digits>. It appears under its name only when all of it is on the disk.
//
//   CRC-32C of the rest (u32), then the snapshot as in codec.h
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "raft/types.h"

namespace gantry::raft {

std::string snapshot_path(const std::string& directory, Index index);

Result<void> write_snapshot_file(const std::string& directory, const SnapshotMeta& meta, std::string_view bytes);

// Errc::corrupt when it is damaged or not there: `index` is one that was written. Errc::unimplemented when it is whole, and of
// another format.
Result<Snapshot> read_snapshot_file(const std::string& directory, Index index);

// All but that of `keep`, unfinished ones too. What cannot be removed stays and does no harm.
void remove_snapshot_files(const std::string& directory, Index keep);

}  // namespace gantry::raft
