// What a controller finds in the files of its Raft log: the bytes as a segment, and as what valid frames have in them. What is
// read must be what a reader of the same bytes reads again, and never more than there is.
#include <algorithm>

#include "fuzz.h"
#include "raft/log_replay.h"

namespace raft = gantry::raft;

static constexpr std::uint64_t kSalt = 0x1234567890abcdef;

static raft::SegmentHeader header() { return {.node = 1, .sequence = 1, .salt = kSalt}; }

// The input cut into contents, each of a kind and a length that its first two bytes say, in frames that are whole.
static std::string framed(std::string_view input) {
  std::string out(raft::log_block_bytes, '\0');
  while (input.size() >= 2) {
    const auto kind = static_cast<raft::FrameKind>(static_cast<unsigned char>(input[0]) % 7);
    const auto content = input.substr(2, static_cast<unsigned char>(input[1]));
    input.remove_prefix(2 + content.size());
    out += raft::frame_head(kSalt, out.size(), kind, content);
    out += content;
    out.resize(raft::frame_end(0, out.size() - raft::frame_head_bytes));
  }
  return out;
}

FUZZ_TARGET(input) {
  (void)raft::decode_segment_header(input);
  if (const auto entry = raft::decode_entry(input)) {
    std::string again;
    raft::put_entry(again, *entry);
    FUZZ_CHECK(again == input);
  }
  for (const std::string& bytes : {std::string(input), framed(input)}) {
    raft::LogReplay replay;
    if (!replay.add(header(), bytes, true)) continue;
    FUZZ_CHECK(replay.end() <= std::max(raft::log_block_bytes, bytes.size() + raft::frame_alignment));
    const auto& [state, places] = replay.content();
    if (places.empty()) continue;
    for (raft::Index index = places.first(); const auto* place = places.find(index); ++index)
      FUZZ_CHECK(place->offset + place->size <= bytes.size() && index <= state.last.index);
  }
}
