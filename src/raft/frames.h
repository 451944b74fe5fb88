// The bytes between two nodes of a Raft group. A connection carries messages one way, from the node that opened it:
// a preamble (so that the port can be shared and TLS can follow), a hello that says who speaks to whom in which group,
// then frames. Numbers are little-endian. The messages are the Raft library's, opaque here.
//
// One number tells what a node understands of all that comes from other nodes: this, their entries, their snapshots
// (replication::kEntryVersion, which a change of any of them raises). A hello says the sender's; a connection is of the lower
// of both nodes', and of the first version to a node that has not greeted yet.
//
//   preamble  "GRFT", version u8, flags u8 (bit 0: TLS follows, and everything after is inside it)
//   hello     from u64, to u64, the highest version that `from` reads u32, length of the group's name u16, the name
//   frame     length u32, CRC-32C of what follows u32, the message
//
// A message that is too large for a frame, a snapshot, goes in pieces: frames whose length has bit 31 set, and bit 30 in the
// last one. Other messages go between them, so that heartbeats do not wait for a snapshot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gantry::raft {

inline constexpr std::string_view kMagic = "GRFT";
inline constexpr std::uint32_t kFirstVersion = 1;  // every node speaks it
inline constexpr std::uint8_t kTlsFollows = 1;
inline constexpr std::size_t kPreambleBytes = 6;
inline constexpr std::size_t kHelloHeadBytes = 22;
inline constexpr std::size_t kFrameHeadBytes = 8;
inline constexpr std::size_t kGroupNameMax = 255;

struct Hello {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::uint32_t reads = 0;  // versions up to this one
  std::string group;

  bool operator==(const Hello&) const = default;
};

std::string encode_preamble(bool tls, std::uint32_t version = kFirstVersion);
// The flags. Errors: corrupt (not this protocol), unimplemented (a version above `reads`, named).
Result<std::uint8_t> decode_preamble(std::string_view bytes, std::uint32_t reads = kFirstVersion);

std::string encode_hello(const Hello& hello);
// As the head says; the name follows it. Errors: corrupt (a name that is too long).
Result<std::size_t> group_name_bytes(std::string_view hello_head);
Hello decode_hello(std::string_view bytes);  // kHelloHeadBytes + group_name_bytes

enum class Piece : std::uint8_t { whole, part, last };
void append_frame(std::string& out, std::string_view message, Piece piece = Piece::whole);

struct FrameHead {
  std::size_t message_bytes = 0;
  Piece piece = Piece::whole;
  std::uint32_t checksum = 0;
};
// nullopt: not all here yet. Errors: resource_exhausted (longer than message_bytes_max).
Result<std::optional<FrameHead>> decode_frame_head(std::string_view bytes, std::size_t message_bytes_max);
// Errors: corrupt, when the message is not what was sent.
Result<void> check_message(const FrameHead& head, std::string_view message);

}  // namespace gantry::raft
