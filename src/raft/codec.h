// The two forms of bytes that are ours (the core's messages are protobuf): a snapshot with its members, and the frame of a
// message between peers.
//
//   snapshot: format 2 (u8), index, term, highest id (u64), count (u32), per member id (u64), voter (u8), address, name,
//             token (texts); then the application's bytes
//   change:   what a change of members carries: 2 (u8), address, name, token (texts), an empty one stays as it was
//   frame:    format 1 (u8), the core's message (text), and, of a snapshot, the snapshot. The transport has a checksum
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "raft/types.h"

// These formats count with those of frames.h, entries and snapshots: who brings a new one raises the number that nodes tell
// each other, and writes the old one as long as a member does not read the new one.

namespace gantry::raft {

inline constexpr std::size_t members_max = 100;        // of a group
inline constexpr std::size_t address_bytes_max = 300;  // host names have at most 253
inline constexpr std::size_t name_bytes_max = 100;     // of names and tokens

std::string encode(const SnapshotMeta& meta);  // the application's bytes follow

struct SnapshotView {
  SnapshotMeta meta;
  std::string_view bytes;  // of the text that was decoded
};

// Errc::unimplemented when it is of another format, which is named; Errc::corrupt when it is not one, or its members are not sorted, repeated, without a voter, or too many.
Result<SnapshotView> decode_snapshot(std::string_view encoded);

// What a change of members says of the one that it is about.
struct MemberFacts {
  std::string address;
  std::string name;
  std::string token;

  bool operator==(const MemberFacts&) const = default;
};

std::string encode(const MemberFacts& facts);
// Empty ones when it says nothing. Errors: unimplemented (another format, named), corrupt.
Result<MemberFacts> decode_member_facts(std::string_view encoded);

struct Frame {
  std::string_view message;
  std::string_view snapshot;  // empty: none
};

std::string encode_frame(std::string_view message, std::string_view snapshot_meta = {},
                         std::string_view snapshot_bytes = {});
Result<Frame> decode_frame(std::string_view bytes);  // Errc::invalid_argument

}  // namespace gantry::raft
