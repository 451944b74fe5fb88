#include "raft/frames.h"

#include "base/checksum.h"
#include "raft/bytes.h"

namespace gantry::raft {

std::string encode_preamble(bool tls, std::uint32_t version) {
  std::string out(kMagic);
  put_fixed(out, static_cast<std::uint8_t>(version));
  put_fixed(out, tls ? kTlsFollows : std::uint8_t{0});
  return out;
}

Result<std::uint8_t> decode_preamble(std::string_view bytes, std::uint32_t reads) {
  if (bytes.size() != kPreambleBytes || !bytes.starts_with(kMagic))
    return fail(Errc::corrupt, "the connection does not begin as one of a Raft node");
  ByteReader reader(bytes.substr(kMagic.size()));
  const auto version = reader.number<std::uint8_t>();
  if (version < kFirstVersion || version > reads) {
    return fail(
        Errc::unimplemented,
        "the Raft node there speaks version {} of the connections between nodes, this gantry versions up to {}: "
        "start a newer gantry here",
        version, reads);
  }
  return reader.number<std::uint8_t>();
}

std::string encode_hello(const Hello& hello) {
  std::string out;
  put_fixed(out, hello.from);
  put_fixed(out, hello.to);
  put_fixed(out, hello.reads);
  put_fixed(out, static_cast<std::uint16_t>(hello.group.size()));
  out += hello.group;
  return out;
}

Result<std::size_t> group_name_bytes(std::string_view hello_head) {
  const std::size_t bytes = ByteReader(hello_head.substr(kHelloHeadBytes - 2)).number<std::uint16_t>();
  if (bytes > kGroupNameMax) return fail(Errc::corrupt, "a Raft node names a group in {} bytes", bytes);
  return bytes;
}

Hello decode_hello(std::string_view bytes) {
  ByteReader reader(bytes);
  Hello hello;
  hello.from = reader.number<std::uint64_t>();
  hello.to = reader.number<std::uint64_t>();
  hello.reads = reader.number<std::uint32_t>();
  hello.group = bytes.substr(kHelloHeadBytes);
  return hello;
}

namespace {
constexpr std::uint32_t kIsPiece = 1u << 31;
constexpr std::uint32_t kIsLast = 1u << 30;
}  // namespace

void append_frame(std::string& out, std::string_view message, Piece piece) {
  const std::uint32_t flags = piece == Piece::whole ? 0 : piece == Piece::last ? kIsPiece | kIsLast : kIsPiece;
  put_fixed(out, static_cast<std::uint32_t>(message.size()) | flags);
  put_fixed(out, crc32c(message));
  out += message;
}

Result<std::optional<FrameHead>> decode_frame_head(std::string_view bytes, std::size_t message_bytes_max) {
  if (bytes.size() < kFrameHeadBytes) return std::nullopt;
  ByteReader reader(bytes);
  FrameHead head;
  const auto length = reader.number<std::uint32_t>();
  head.message_bytes = length & (kIsLast - 1);
  if ((length & kIsPiece) != 0) head.piece = (length & kIsLast) != 0 ? Piece::last : Piece::part;
  if (head.piece == Piece::whole && (length & kIsLast) != 0) return fail(Errc::corrupt, "a frame that cannot be");
  head.checksum = reader.number<std::uint32_t>();
  if (head.message_bytes > message_bytes_max) {
    return fail(Errc::resource_exhausted, "a Raft message of {} bytes is over the limit of {}", head.message_bytes,
                message_bytes_max);
  }
  return head;
}

Result<void> check_message(const FrameHead& head, std::string_view message) {
  if (crc32c(message) != head.checksum) return fail(Errc::corrupt, "a Raft message does not match its checksum");
  return {};
}

}  // namespace gantry::raft
