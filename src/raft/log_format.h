// How the log lies in its files, the segments. Bytes only; log_segment.h has the files.
//
//   segment:  header, in a block of its own, then frames. It has its full size from the beginning, and may be one that served
//             before: what stands behind its frames is anything
//   header:   "GANTRYRL", CRC-32C of the rest (u32), format 1 (u32), node, sequence, salt, end of the segment before (u64),
//             incarnation, hard state (3 u64), and where it was truncated, where its newest snapshot is, where it ended
//             (index and term each, u64), all as they stood when the segment was begun: those before it can go
//   frame:    mark (u32), CRC-32C (u32), size of the content (u32), kind (u32), content; at a multiple of 16
//   content:  opened     incarnation (u64)
//             saved      hard state (3 u64), number of entries (u32); per entry index, term (u64), kind (u8), data (text),
//                        CRC-32C of these (u32)
//             snapshot   where the newest one is (index, term)
//             installed  hard state, where the snapshot is that replaces the log
//             compacted  up to where entries are forgotten (index, term)
//
// One frame at a time is written and synced, so a crash leaves at most one that is not whole, and nothing behind it: whatever has a
// whole frame behind it is damage, and never taken for the end. Mark and CRC depend on the salt, a random number
// of each segment, and the CRC on the place: what was there before, or comes from outside, is not taken for a frame.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "raft/types.h"

namespace gantry::raft {

inline constexpr std::size_t log_block_bytes =
    4096;  // a write begins and ends at a multiple: none reads before it writes
inline constexpr std::size_t frame_head_bytes = 16;
inline constexpr std::size_t frame_alignment = 16;

struct LogState {
  std::uint64_t incarnation = 0;
  HardState hard_state;
  Position truncated;
  Position snapshot;  // index 0: none
  Position last;      // of the newest entry; that of `truncated` when there is none

  bool operator==(const LogState&) const = default;
};

struct SegmentHeader {
  NodeId node = 0;
  std::uint64_t sequence = 0;  // from 1, one more than that of the segment before
  std::uint64_t salt = 0;
  std::uint64_t previous_end = 0;  // where the frames of the segment before end
  LogState state;
};

std::string encode(const SegmentHeader& header);  // at most a block
// Empty: a segment that was never begun. Errors: corrupt; unimplemented (another format, named).
Result<std::optional<SegmentHeader>> decode_segment_header(std::string_view block);

enum class FrameKind : std::uint32_t { opened = 1, saved = 2, snapshot = 3, installed = 4, compacted = 5 };

struct LogFrame {
  FrameKind kind{};
  std::string_view content;  // of the bytes that were looked at
  std::uint64_t end = 0;     // where the next one begins
};

// The frame that content (already there) becomes at `at` of a segment: its head.
std::string frame_head(std::uint64_t salt, std::uint64_t at, FrameKind kind, std::string_view content);
constexpr std::uint64_t frame_end(std::uint64_t at, std::size_t content_bytes) {
  return (at + frame_head_bytes + content_bytes + frame_alignment - 1) / frame_alignment * frame_alignment;
}

// The whole frame at `at` of a segment with these bytes; empty: there is none.
std::optional<LogFrame> frame_at(std::string_view segment, std::uint64_t salt, std::uint64_t at);
// Where the first whole frame stands behind `at`; empty: nowhere.
std::optional<std::uint64_t> frame_after(std::string_view segment, std::uint64_t salt, std::uint64_t at);

// A frame was begun there, whole or not.
bool begins_at(std::string_view segment, std::uint64_t salt, std::uint64_t at);

// An entry as `saved` has it. put_entry() appends it; the other one reads and checks, Errc::corrupt.
void put_entry(std::string& to, const Entry& entry);
constexpr std::size_t entry_bytes(std::size_t data_bytes) { return 8 + 8 + 1 + 4 + data_bytes + 4; }
Result<Entry> decode_entry(std::string_view bytes);

void put_hard_state(std::string& to, const HardState& hard_state);
void put_position(std::string& to, Position at);

// What a frame says. Errors: corrupt.
struct SavedFrame {
  HardState hard_state;
  struct Place {
    Position at;
    std::uint32_t offset;  // in the content
    std::uint32_t size;
  };
  std::vector<Place> entries;
};
Result<SavedFrame> decode_saved(std::string_view content);

struct InstalledFrame {
  HardState hard_state;
  Position at;
};
Result<InstalledFrame> decode_installed(std::string_view content);
Result<Position> decode_position(std::string_view content);
Result<std::uint64_t> decode_opened(std::string_view content);

}  // namespace gantry::raft
