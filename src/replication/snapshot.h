// The state as bytes: a header, then frames of bounded size, each with its own CRC, of sets and of cleaned sets, then an
// end frame with the counts. A snapshot that is cut, changed or of a newer version is never read as a smaller state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "replication/entry_codec.h"
#include "replication/state.h"

namespace gantry::replication {

// Entries and snapshots have types in common, whose fields know one version (describe.h): so the two count together.
inline constexpr std::uint32_t kSnapshotVersion = kEntryVersion;
inline constexpr std::size_t kSnapshotFrameBytes = 64 * 1024;  // a frame ends with the set that goes beyond

// version: 1 to kSnapshotVersion, at least that of every entry that led to the state: an older one has no place for what
// they may have brought.
std::string encode_snapshot(const State& state, std::uint32_t version = kSnapshotVersion);
// unimplemented: of a newer version, which is named; corrupt: what is wrong and at which byte.
Result<State> decode_snapshot(std::string_view bytes);
// In which version it was written; looks at the header alone. Errors: as decode_snapshot().
Result<std::uint32_t> snapshot_version(std::string_view bytes);

}  // namespace gantry::replication
