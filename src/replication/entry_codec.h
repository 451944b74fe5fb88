// A log entry: the commands of one turn, as bytes. Little-endian, varints and strings with their length; each command has
// a kind and a length. The log's own checksums protect it, so there is none here.
//
// Rules for later versions: numbers of kinds and enumerations keep their meaning. A field is only ever appended to a
// command, together with a new kEntryVersion (see Fields::since in bytes.h); an older entry reads with the field's
// default. A newer version than this binary knows is an error and not guessed at, because a field that is skipped would
// make controllers decide differently; so a leader writes a new version only when every member reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "replication/command.h"

namespace gantry::replication {

inline constexpr std::uint32_t kEntryVersion = 1;

// version: 1 to kEntryVersion, the highest that all members read.
std::string encode_entry(std::span<const Command> commands, std::uint32_t version = kEntryVersion);
// unimplemented: written by a newer version, which is named; corrupt: anything else that is no entry.
Result<std::vector<Command>> decode_entry(std::string_view bytes);
// In which version it says that it was written; 0: it says none.
std::uint32_t entry_version(std::string_view bytes);

// Bytes that encode_entry needs for it, about; for batches bounded by bytes.
std::size_t size_hint(const Command& command);

}  // namespace gantry::replication
