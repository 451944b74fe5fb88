#include "raft/frames.h"

#include <bit>
#include <cstring>

#include "base/checksum.h"

namespace gantry::raft {
namespace {

static_assert(std::endian::native == std::endian::little, "the bytes of the transport are little-endian");

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <class T>
T get(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

}  // namespace

std::string encode_preamble(bool tls) {
  std::string out(kMagic);
  put(out, kTransportVersion);
  put<std::uint8_t>(out, tls ? kTlsFollows : 0);
  return out;
}

Result<std::uint8_t> decode_preamble(std::string_view bytes) {
  if (bytes.size() != kPreambleBytes || !bytes.starts_with(kMagic))
    return fail(Errc::corrupt, "the connection does not begin as one of a Raft node");
  const auto version = get<std::uint8_t>(bytes, kMagic.size());
  if (version != kTransportVersion) {
    return fail(Errc::unimplemented, "the Raft node speaks version {} of the transport, this one version {}", version,
                kTransportVersion);
  }
  return get<std::uint8_t>(bytes, kMagic.size() + 1);
}

std::string encode_hello(const Hello& hello) {
  std::string out;
  put(out, hello.from);
  put(out, hello.to);
  put(out, static_cast<std::uint16_t>(hello.group.size()));
  out += hello.group;
  return out;
}

Result<std::size_t> group_name_bytes(std::string_view hello_head) {
  const std::size_t bytes = get<std::uint16_t>(hello_head, 16);
  if (bytes > kGroupNameMax) return fail(Errc::corrupt, "a Raft node names a group in {} bytes", bytes);
  return bytes;
}

Hello decode_hello(std::string_view bytes) {
  return {get<std::uint64_t>(bytes, 0), get<std::uint64_t>(bytes, 8), std::string(bytes.substr(kHelloHeadBytes))};
}

void append_frame(std::string& out, std::string_view message) {
  put(out, static_cast<std::uint32_t>(message.size()));
  put(out, crc32c(message));
  out += message;
}

Result<std::optional<FrameHead>> decode_frame_head(std::string_view bytes, std::size_t message_bytes_max) {
  if (bytes.size() < kFrameHeadBytes) return std::nullopt;
  const FrameHead head{get<std::uint32_t>(bytes, 0), get<std::uint32_t>(bytes, 4)};
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
