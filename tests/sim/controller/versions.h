// Two versions of log entries and snapshots, for upgrades: there has been one in production, so the older one is that, and
// the newer one as it might come. It remembers when commands were proposed, and the older one is taken not to know that
// field: a node of the old version has no clock for people, and a new one that writes the old version leaves it out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "replication/formats.h"
#include "sim/controller/simulation.h"

namespace gantry::sim {

inline constexpr std::uint32_t kOldVersion = replication::kEntryVersion;
inline constexpr std::uint32_t kNewVersion = kOldVersion + 1;

// Of a node of that version.
replication::Formats formats_of(std::uint32_t version, Bug bug);

// An entry of any version, for who judges.
Result<std::vector<replication::Command>> decode_any(std::string_view entry);

// Without what the old version does not have.
replication::Command as_old(replication::Command command);

}  // namespace gantry::sim
