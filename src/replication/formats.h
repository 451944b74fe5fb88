// How a node writes and reads commands and states, behind one name: there is one way in production, and tests bring those
// of a version before and of one to come, since an upgrade can only be tried between two.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "replication/entry_codec.h"
#include "replication/snapshot.h"

namespace gantry::replication {

struct Formats {
  std::uint32_t newest = kEntryVersion;  // that this node writes and reads
  std::string (*encode_entry)(std::span<const Command>, std::uint32_t version) = replication::encode_entry;
  Result<std::vector<Command>> (*decode_entry)(std::string_view) = replication::decode_entry;
  std::uint32_t (*entry_version)(std::string_view) = replication::entry_version;
  std::string (*encode_snapshot)(const State&, std::uint32_t version) = replication::encode_snapshot;
  Result<State> (*decode_snapshot)(std::string_view) = replication::decode_snapshot;
  Result<std::uint32_t> (*snapshot_version)(std::string_view) = replication::snapshot_version;
};

}  // namespace gantry::replication
