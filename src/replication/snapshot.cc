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

void append_frame(std::string& out, std::string_view payload) {
  put_fixed(out, static_cast<std::uint32_t>(payload.size()));
  put_fixed(out, crc32c(payload));
  out += payload;
}

// The rows of a table, in as many frames as they need; one at least.
template <class Table, class Write>
void append_table(std::string& out, std::uint32_t version, FrameKind kind, const Table& table, const Write& write) {
  auto row = table.begin();
  do {
    std::string payload;
    FieldWriter fields(payload, version);
    fields(kind);
    for (; row != table.end() && payload.size() < kSnapshotFrameBytes; ++row) write(fields, *row);
    append_frame(out, payload);
  } while (row != table.end());
}

// The version; an error when it is none that this gantry reads.
Result<std::uint32_t> version_of(std::string_view bytes) {
  const std::string_view magic = bytes.substr(0, kMagic.size());
  if (magic != kMagic.substr(0, magic.size()))
    return fail(Errc::corrupt, "a snapshot of replica sets begins otherwise");
  if (bytes.size() < kHeaderBytes) return fail(Errc::corrupt, "the snapshot is cut at byte {}", bytes.size());
  const std::string_view guarded = bytes.substr(0, kHeaderBytes - 4);
  if (get_fixed<std::uint32_t>(bytes.substr(kHeaderBytes - 4)) != crc32c(guarded))
    return fail(Errc::corrupt, "the checksum of the snapshot's header is wrong");
  const auto version = get_fixed<std::uint32_t>(bytes.substr(kMagic.size()));
  if (version > kSnapshotVersion) {
    return fail(
        Errc::unimplemented,
        "the snapshot was written by snapshot format {}, this gantry reads formats up to {}: start a newer gantry",
        version, kSnapshotVersion);
  }
  if (version == 0) return fail(Errc::corrupt, "the snapshot has format 0, which never was");
  return version;
}

class Reader {
 public:
  Result<State> read(std::string_view bytes);

 private:
  Result<void> frame(std::string_view payload);

  std::uint32_t version_ = 0;
  bool ended_ = false;
  State::Sets sets_;
  State::Retired retired_;
};

Result<State> Reader::read(std::string_view bytes) {
  const auto version = version_of(bytes);
  if (!version) return std::unexpected(version.error());
  version_ = *version;
  std::size_t at = kHeaderBytes;
  while (!ended_) {
    const std::string_view left = bytes.substr(at);
    if (left.size() < kFrameHeaderBytes) return fail(Errc::corrupt, "the snapshot is cut at byte {}", bytes.size());
    const auto size = get_fixed<std::uint32_t>(left);
    if (size == 0 || size > kFrameBytesMax)
      return fail(Errc::corrupt, "the snapshot has a frame of {} bytes at byte {}", size, at);
    if (left.size() < kFrameHeaderBytes + size)
      return fail(Errc::corrupt, "the snapshot is cut at byte {}", bytes.size());
    const std::string_view payload = left.substr(kFrameHeaderBytes, size);
    if (crc32c(payload) != get_fixed<std::uint32_t>(left.substr(4)))
      return fail(Errc::corrupt, "the checksum of the snapshot is wrong at byte {}", at);
    if (auto read = frame(payload); !read) return fail(read.error().code, "{} (at byte {})", read.error().message, at);
    at += kFrameHeaderBytes + size;
  }
  if (at != bytes.size()) return fail(Errc::corrupt, "the snapshot goes on behind its end, at byte {}", at);
  return State::restore(std::move(sets_), std::move(retired_));
}

Result<void> Reader::frame(std::string_view payload) {
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

}  // namespace

std::string encode_snapshot(const State& state, std::uint32_t version) {
  std::string out(kMagic);
  put_fixed(out, version);
  put_fixed(out, crc32c(out));
  append_table(out, version, FrameKind::sets, state.sets(),
               [](FieldWriter& fields, const auto& row) { fields(row.second); });
  append_table(out, version, FrameKind::retired, state.retired(),
               [](FieldWriter& fields, const auto& row) { fields(row.first, row.second); });
  std::string end;
  FieldWriter(end, version)(FrameKind::end, std::uint64_t{state.sets().size()}, std::uint64_t{state.retired().size()});
  append_frame(out, end);
  return out;
}

Result<State> decode_snapshot(std::string_view bytes) { return Reader().read(bytes); }

Result<std::uint32_t> snapshot_version(std::string_view bytes) { return version_of(bytes); }

}  // namespace gantry::replication
