#include "raft/codec.h"

#include "raft/bytes.h"

namespace gantry::raft {
namespace {

constexpr std::uint8_t snapshot_format = 2;
constexpr std::uint8_t change_format = 2;
constexpr std::uint8_t frame_format = 1;

Result<void> check_members(const Members& members) {
  for (std::size_t i = 0; i < members.list.size(); ++i) {
    const auto& member = members.list[i];
    bool ascending = i == 0 || members.list[i - 1].id < member.id;
    if (member.id == 0 || !ascending || member.id > members.highest_id || member.address.size() > address_bytes_max ||
        member.name.size() > name_bytes_max || member.token.size() > name_bytes_max) {
      return fail(Errc::corrupt, "members that cannot be: node {}", member.id);
    }
  }
  if (members.voters() == 0) return fail(Errc::corrupt, "members without a voter");
  return {};
}

}  // namespace

std::string encode(const SnapshotMeta& meta) {
  std::string out;
  put_fixed(out, snapshot_format);
  put_fixed(out, meta.at.index);
  put_fixed(out, meta.at.term);
  put_fixed(out, meta.members.highest_id);
  put_fixed(out, static_cast<std::uint32_t>(meta.members.list.size()));
  for (const auto& member : meta.members.list) {
    put_fixed(out, member.id);
    put_fixed(out, static_cast<std::uint8_t>(member.voter));
    put_text(out, member.address);
    put_text(out, member.name);
    put_text(out, member.token);
  }
  return out;
}

std::string encode(const MemberFacts& facts) {
  std::string out;
  put_fixed(out, change_format);
  put_text(out, facts.address);
  put_text(out, facts.name);
  put_text(out, facts.token);
  return out;
}

Result<MemberFacts> decode_member_facts(std::string_view encoded) {
  if (encoded.empty()) return MemberFacts{};
  ByteReader reader(encoded);
  if (const auto format = reader.number<std::uint8_t>(); format != change_format) {
    return fail(Errc::unimplemented, "a change of members was written in format {}, this gantry reads format {}: {}",
                format, change_format, format > change_format ? "start a newer gantry" : "start the one that wrote it");
  }
  MemberFacts facts;
  facts.address = reader.text();
  facts.name = reader.text();
  facts.token = reader.text();
  if (!reader.ok()) return fail(Errc::corrupt, "a change of members that ends too early");
  return facts;
}

Result<SnapshotView> decode_snapshot(std::string_view encoded) {
  ByteReader reader(encoded);
  const auto format = reader.number<std::uint8_t>();
  if (reader.ok() && format != snapshot_format) {
    return fail(Errc::unimplemented, "it was written in format {}, this gantry reads format {}: {}", format,
                snapshot_format, format > snapshot_format ? "start a newer gantry" : "start the one that wrote it");
  }
  SnapshotView view;
  view.meta.at.index = reader.number<std::uint64_t>();
  view.meta.at.term = reader.number<std::uint64_t>();
  view.meta.members.highest_id = reader.number<std::uint64_t>();
  auto count = reader.number<std::uint32_t>();
  if (count > members_max) return fail(Errc::corrupt, "a snapshot with {} members", count);
  for (std::uint32_t i = 0; i < count; ++i) {
    Member member;
    member.id = reader.number<std::uint64_t>();
    member.voter = reader.number<std::uint8_t>() != 0;
    member.address = reader.text();
    member.name = reader.text();
    member.token = reader.text();
    view.meta.members.list.push_back(std::move(member));
  }
  if (!reader.ok()) return fail(Errc::corrupt, "a snapshot that ends too early");
  if (view.meta.at.index == 0 || view.meta.at.term == 0) return fail(Errc::corrupt, "a snapshot at no entry");
  if (auto checked = check_members(view.meta.members); !checked) return std::unexpected(checked.error());
  view.bytes = reader.rest();
  return view;
}

std::string encode_frame(std::string_view message, std::string_view snapshot_meta, std::string_view snapshot_bytes) {
  std::string out;
  out.reserve(8 + message.size() + snapshot_meta.size() + snapshot_bytes.size());
  put_fixed(out, frame_format);
  put_text(out, message);
  out.append(snapshot_meta);
  out.append(snapshot_bytes);
  return out;
}

Result<Frame> decode_frame(std::string_view bytes) {
  ByteReader reader(bytes);
  auto format = reader.number<std::uint8_t>();
  Frame frame;
  frame.message = reader.text();
  if (!reader.ok() || format != frame_format) {
    return fail(Errc::invalid_argument, "a message of a peer of format {}, this gantry reads format {}", format,
                frame_format);
  }
  frame.snapshot = reader.rest();
  return frame;
}

}  // namespace gantry::raft
