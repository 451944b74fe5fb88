#include "replication/snapshot.h"

#include "base/checksum.h"
#include "replication/bytes.h"
#include "replication/describe.h"

namespace gantry::replication {
namespace {

// Header: the magic word, the version, CRC-32C of both. Frame: length of the payload, its CRC-32C, the payload, whose
// first byte is a FrameKind.
constexpr std::string_view kMagic = "GNTRSETS";
constexpr std::size_t kHeaderBytes = kMagic.size() + 8;
constexpr std::size_t kFrameHeaderBytes = 8;
constexpr std::size_t kFrameBytesMax = 1024 * 1024;  // a writer stays far below

enum class FrameKind : std::uint8_t { sets = 1, retired = 2, end = 3 };

}  // namespace

bool SnapshotWriter::next(std::string& out) {
  if (part_ == Part::done) return false;
  if (part_ == Part::header) {
    std::string header(kMagic);
    put_fixed(header, kSnapshotVersion);
    put_fixed(header, crc32c(header));
    out += header;
    part_ = Part::sets;
    return true;
  }
  std::string payload;
  FieldWriter fields(payload, kSnapshotVersion);
  const auto fill = [&](FrameKind kind, const auto& table, const auto& write, Part after) {
    fields(kind);
    auto at = after_.empty() ? table.begin() : table.upper_bound(after_);
    for (; at != table.end() && payload.size() < kSnapshotPieceBytes; ++at) {
      write(*at);
      after_ = at->first;
    }
    if (at != table.end()) return;
    part_ = after;
    after_ = {};
  };
  switch (part_) {
    case Part::sets: {
      fill(FrameKind::sets, state_.sets(), [&](const auto& entry) { fields(entry.second); }, Part::retired);
      break;
    }
    case Part::retired: {
      fill(
          FrameKind::retired, state_.retired(), [&](const auto& entry) { fields(entry.first, entry.second); },
          Part::end);
      break;
    }
    default: {
      fields(FrameKind::end, std::uint64_t{state_.sets().size()}, std::uint64_t{state_.retired().size()});
      part_ = Part::done;
    }
  }
  put_fixed(out, static_cast<std::uint32_t>(payload.size()));
  put_fixed(out, crc32c(payload));
  out += payload;
  return true;
}

Result<void> SnapshotReader::feed(std::string_view bytes) {
  pending_ += bytes;
  std::string_view left = pending_;
  const auto take = [&](std::size_t size) {
    const std::string_view taken = left.substr(0, size);
    left.remove_prefix(size);
    read_ += size;
    return taken;
  };
  if (version_ == 0) {
    if (left.size() < kHeaderBytes) {
      if (!left.starts_with(kMagic.substr(0, left.size())) && !kMagic.starts_with(left.substr(0, kMagic.size()))) {
        return fail(Errc::corrupt, "a snapshot of replica sets begins otherwise");
      }
      return {};
    }
    const std::string_view header = take(kHeaderBytes);
    if (!header.starts_with(kMagic)) return fail(Errc::corrupt, "a snapshot of replica sets begins otherwise");
    const std::string_view guarded = header.substr(0, kHeaderBytes - 4);
    if (get_fixed<std::uint32_t>(header.substr(kHeaderBytes - 4)) != crc32c(guarded)) {
      return fail(Errc::corrupt, "the checksum of the snapshot's header is wrong");
    }
    version_ = get_fixed<std::uint32_t>(header.substr(kMagic.size()));
    if (version_ > kSnapshotVersion) {
      return fail(
          Errc::unimplemented,
          "the snapshot was written by snapshot format {}, this gantry reads formats up to {}: start a newer gantry",
          version_, kSnapshotVersion);
    }
    if (version_ == 0) return fail(Errc::corrupt, "the snapshot has format 0, which never was");
  }
  while (left.size() >= kFrameHeaderBytes) {
    if (ended_) break;
    const auto size = get_fixed<std::uint32_t>(left);
    if (size == 0 || size > kFrameBytesMax) {
      return fail(Errc::corrupt, "the snapshot has a frame of {} bytes at byte {}", size, read_);
    }
    if (left.size() < kFrameHeaderBytes + size) break;
    const std::uint64_t at = read_;
    const auto checksum = get_fixed<std::uint32_t>(take(kFrameHeaderBytes).substr(4));
    const std::string_view payload = take(size);
    if (crc32c(payload) != checksum) return fail(Errc::corrupt, "the checksum of the snapshot is wrong at byte {}", at);
    if (auto read = frame(payload); !read) {
      return fail(read.error().code, "{} (at byte {})", read.error().message, at);
    }
  }
  if (ended_ && !left.empty()) return fail(Errc::corrupt, "the snapshot goes on behind its end, at byte {}", read_);
  pending_.erase(0, pending_.size() - left.size());
  return {};
}

Result<void> SnapshotReader::frame(std::string_view payload) {
  FieldReader fields(payload, version_);
  FrameKind kind{};
  fields(kind);
  const auto in_order = [](const auto& table, const std::string& name) {
    return table.empty() || table.rbegin()->first < name;
  };
  switch (kind) {
    case FrameKind::sets: {
      while (fields.ok() && !fields.at_end()) {
        ReplicaSet set;
        fields(set);
        if (!fields.ok() || !in_order(sets_, set.broker_name) || !retired_.empty()) {
          return fail(Errc::corrupt, "a replica set of the snapshot is malformed or out of order");
        }
        std::string name = set.broker_name;
        sets_.emplace_hint(sets_.end(), std::move(name), std::move(set));
      }
      return {};
    }
    case FrameKind::retired: {
      while (fields.ok() && !fields.at_end()) {
        std::string name;
        RetiredSet set;
        fields(name, set);
        if (!fields.ok() || !in_order(retired_, name)) {
          return fail(Errc::corrupt, "a cleaned set of the snapshot is malformed or out of order");
        }
        retired_.emplace_hint(retired_.end(), std::move(name), set);
      }
      return {};
    }
    case FrameKind::end: {
      std::uint64_t sets = 0;
      std::uint64_t retired = 0;
      fields(sets, retired);
      if (!fields.ok() || !fields.at_end() || sets != sets_.size() || retired != retired_.size()) {
        return fail(Errc::corrupt,
                    "the snapshot says that it has {} replica sets and {} cleaned ones, but {} and {} were read", sets,
                    retired, sets_.size(), retired_.size());
      }
      ended_ = true;
      return {};
    }
  }
  return fail(Errc::corrupt, "the snapshot has a frame of the unknown kind {}", static_cast<int>(kind));
}

Result<State> SnapshotReader::finish() {
  if (!ended_) return fail(Errc::corrupt, "the snapshot is cut at byte {}", read_ + pending_.size());
  return State::restore(std::move(sets_), std::move(retired_));
}

std::string encode_snapshot(const State& state) {
  std::string out;
  SnapshotWriter writer(state);
  while (writer.next(out)) {
  }
  return out;
}

Result<State> decode_snapshot(std::string_view bytes) {
  SnapshotReader reader;
  if (auto fed = reader.feed(bytes); !fed) return std::unexpected(std::move(fed.error()));
  return reader.finish();
}

}  // namespace gantry::replication
