#include "raft/log_format.h"

#include <algorithm>

#include "base/checksum.h"
#include "raft/bytes.h"

namespace gantry::raft {
namespace {

constexpr std::string_view segment_magic = "GANTRYRL";
constexpr std::uint32_t segment_format = 1;

HardState hard_state_of(ByteReader& reader) {
  HardState out;
  out.term = reader.number<std::uint64_t>();
  out.vote = reader.number<std::uint64_t>();
  out.commit = reader.number<std::uint64_t>();
  return out;
}

Position position_from(ByteReader& reader) {
  Position out;
  out.index = reader.number<std::uint64_t>();
  out.term = reader.number<std::uint64_t>();
  return out;
}

std::uint32_t mark_of(std::uint64_t salt) { return static_cast<std::uint32_t>(salt >> 32) | 1; }  // never zeros

std::uint32_t checksum_of(std::uint64_t salt, std::uint64_t at, std::uint32_t kind, std::string_view content) {
  std::string place;
  put_fixed(place, salt);
  put_fixed(place, at);
  put_fixed(place, kind);
  put_fixed(place, static_cast<std::uint32_t>(content.size()));
  return crc32c(content, crc32c(place));
}

}  // namespace

void put_hard_state(std::string& to, const HardState& hard_state) {
  put_fixed(to, hard_state.term);
  put_fixed(to, hard_state.vote);
  put_fixed(to, hard_state.commit);
}

void put_position(std::string& to, Position at) {
  put_fixed(to, at.index);
  put_fixed(to, at.term);
}

// --- header ---

std::string encode(const SegmentHeader& header) {
  std::string rest;
  put_fixed(rest, segment_format);
  for (const std::uint64_t number : {header.node, header.sequence, header.salt, header.previous_end})
    put_fixed(rest, number);
  put_fixed(rest, header.state.incarnation);
  put_hard_state(rest, header.state.hard_state);
  for (const Position at : {header.state.truncated, header.state.snapshot, header.state.last}) put_position(rest, at);
  std::string out(segment_magic);
  put_fixed(out, crc32c(rest));
  return out + rest;
}

Result<std::optional<SegmentHeader>> decode_segment_header(std::string_view block) {
  block = block.substr(0, log_block_bytes);
  if (std::ranges::all_of(block, [](char byte) { return byte == 0; })) return std::nullopt;
  ByteReader reader(block);
  const auto magic = reader.take(segment_magic.size());
  const auto checksum = reader.number<std::uint32_t>();
  const auto rest = reader.rest();
  const auto format = reader.number<std::uint32_t>();
  SegmentHeader header;
  for (std::uint64_t* number : {&header.node, &header.sequence, &header.salt, &header.previous_end})
    *number = reader.number<std::uint64_t>();
  header.state.incarnation = reader.number<std::uint64_t>();
  header.state.hard_state = hard_state_of(reader);
  for (Position* at : {&header.state.truncated, &header.state.snapshot, &header.state.last})
    *at = position_from(reader);
  if (!reader.ok() || magic != segment_magic) return fail(Errc::corrupt, "its header is not one");
  if (format != segment_format)
    return fail(Errc::unimplemented, "it has format {}, this version reads {}; start a newer gantry", format,
                segment_format);
  if (checksum != crc32c(rest.substr(0, rest.size() - reader.rest().size())))
    return fail(Errc::corrupt, "the checksum of its header is wrong");
  return header;
}

// --- frames ---

std::string frame_head(std::uint64_t salt, std::uint64_t at, FrameKind kind, std::string_view content) {
  const auto number = static_cast<std::uint32_t>(kind);
  std::string out;
  put_fixed(out, mark_of(salt));
  put_fixed(out, checksum_of(salt, at, number, content));
  put_fixed(out, static_cast<std::uint32_t>(content.size()));
  put_fixed(out, number);
  return out;
}

std::optional<LogFrame> frame_at(std::string_view segment, std::uint64_t salt, std::uint64_t at) {
  if (at > segment.size()) return std::nullopt;
  ByteReader reader(segment.substr(at));
  const auto mark = reader.number<std::uint32_t>();
  const auto checksum = reader.number<std::uint32_t>();
  const auto size = reader.number<std::uint32_t>();
  const auto kind = reader.number<std::uint32_t>();
  if (mark != mark_of(salt)) return std::nullopt;
  const auto content = reader.take(size);
  if (!reader.ok() || checksum != checksum_of(salt, at, kind, content)) return std::nullopt;
  return LogFrame{static_cast<FrameKind>(kind), content, frame_end(at, size)};
}

std::optional<std::uint64_t> frame_after(std::string_view segment, std::uint64_t salt, std::uint64_t at) {
  for (std::uint64_t next = frame_end(at, 0); next < segment.size(); next += frame_alignment) {
    if (frame_at(segment, salt, next)) return next;
  }
  return std::nullopt;
}

bool begins_at(std::string_view segment, std::uint64_t salt, std::uint64_t at) {
  if (at > segment.size()) return false;
  ByteReader reader(segment.substr(at));
  const auto mark = reader.number<std::uint32_t>();
  return reader.ok() && mark == mark_of(salt);
}

// --- contents ---

void put_entry(std::string& to, const Entry& entry) {
  const std::size_t begin = to.size();
  put_fixed(to, entry.index);
  put_fixed(to, entry.term);
  put_fixed(to, static_cast<std::uint8_t>(entry.kind));
  put_text(to, entry.data);
  put_fixed(to, crc32c(std::string_view(to).substr(begin)));
}

Result<Entry> decode_entry(std::string_view bytes) {
  ByteReader reader(bytes);
  Entry entry;
  entry.index = reader.number<std::uint64_t>();
  entry.term = reader.number<std::uint64_t>();
  entry.kind = static_cast<EntryKind>(reader.number<std::uint8_t>());
  entry.data = reader.text();
  const auto guarded = bytes.substr(0, bytes.size() - reader.rest().size());
  const auto checksum = reader.number<std::uint32_t>();
  if (!reader.done() || checksum != crc32c(guarded)) return fail(Errc::corrupt, "an entry does not match its checksum");
  if (entry.kind != EntryKind::normal && entry.kind != EntryKind::membership)
    return fail(Errc::corrupt, "an entry of kind {}", static_cast<int>(entry.kind));
  return entry;
}

Result<SavedFrame> decode_saved(std::string_view content) {
  ByteReader reader(content);
  SavedFrame out;
  out.hard_state = hard_state_of(reader);
  const auto count = reader.number<std::uint32_t>();
  for (std::uint32_t i = 0; reader.ok() && i < count; ++i) {
    const auto offset = content.size() - reader.rest().size();
    const auto at = position_from(reader);
    (void)reader.number<std::uint8_t>();
    (void)reader.text();
    (void)reader.number<std::uint32_t>();
    const auto size = content.size() - reader.rest().size() - offset;
    out.entries.push_back({at, static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(size)});
  }
  if (!reader.done()) return fail(Errc::corrupt, "a write of {} bytes is not one", content.size());
  return out;
}

Result<InstalledFrame> decode_installed(std::string_view content) {
  ByteReader reader(content);
  InstalledFrame out{hard_state_of(reader), position_from(reader)};
  if (!reader.done()) return fail(Errc::corrupt, "a snapshot's note of {} bytes", content.size());
  return out;
}

Result<Position> decode_position(std::string_view content) {
  ByteReader reader(content);
  const auto at = position_from(reader);
  if (!reader.done()) return fail(Errc::corrupt, "a position of {} bytes", content.size());
  return at;
}

Result<std::uint64_t> decode_opened(std::string_view content) {
  ByteReader reader(content);
  const auto incarnation = reader.number<std::uint64_t>();
  if (!reader.done()) return fail(Errc::corrupt, "a note of a start of {} bytes", content.size());
  return incarnation;
}

}  // namespace gantry::raft
