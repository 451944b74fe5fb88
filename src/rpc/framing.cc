#include "rpc/framing.h"

#include <cstdint>

namespace gantry::rpc {

std::string frame_message(std::string_view message) {
  std::string framed;
  framed.reserve(kPrefixBytes + message.size());
  framed += '\0';
  for (int shift = 24; shift >= 0; shift -= 8) framed += static_cast<char>((message.size() >> shift) & 0xff);
  framed += message;
  return framed;
}

Result<std::optional<std::string>> MessageReader::next() {
  if (pending_.size() < kPrefixBytes) return std::nullopt;
  if (pending_[0] != 0) {
    return fail(Errc::unimplemented, "compressed messages are not supported; send them as they are (identity)");
  }
  std::uint32_t size = 0;
  for (std::size_t i = 1; i < kPrefixBytes; ++i) size = (size << 8) | static_cast<unsigned char>(pending_[i]);
  if (size > message_bytes_max_) {
    return fail(Errc::resource_exhausted, "a message of {} bytes is larger than {}, the most that is taken", size,
                message_bytes_max_);
  }
  if (pending_.size() < kPrefixBytes + size) return std::nullopt;
  std::string message = pending_.substr(kPrefixBytes, size);
  if (pending_.size() == kPrefixBytes + size) {
    clear();  // nearly always: a stream of hours must not keep room for the message that opened it
  } else {
    pending_.erase(0, kPrefixBytes + size);
  }
  return message;
}

}  // namespace gantry::rpc
