#include "wire/frame.h"

#include <limits>

#include "wire/bytes.h"
#include "wire/header_binary.h"
#include "wire/header_json.h"

namespace gantry::wire {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kHeadBytes = 8;  // both length words
constexpr std::uint32_t kHeaderLengthMask = 0xffffff;

std::string_view body_of(std::string_view frame, std::size_t header_bytes) {
  return frame.substr(kHeadBytes + header_bytes);
}

}  // namespace

Result<void> encode_frame_head(const Command& command, std::size_t body_bytes, std::string& out) {
  const std::size_t begin = out.size();
  out.append(kHeadBytes, '\0');
  Result<void> result;
  if (command.serialization == Serialization::json) {
    encode_json_header(command, out);
  } else {
    result = encode_binary_header(command, out);
  }
  const std::size_t header_bytes = out.size() - begin - kHeadBytes;
  if (result && (header_bytes > kHeaderLengthMask ||
                 body_bytes > std::numeric_limits<std::int32_t>::max() - kLengthBytes - header_bytes)) {
    result = fail(Errc::invalid_argument, "a frame cannot carry a header of {} bytes and a body of {} bytes",
                  header_bytes, body_bytes);
  }
  if (!result) {
    out.resize(begin);
    return result;
  }
  const auto kind = static_cast<std::uint32_t>(command.serialization) << 24;
  store_big(static_cast<std::uint32_t>(kLengthBytes + header_bytes + body_bytes), out.data() + begin);
  store_big(static_cast<std::uint32_t>(kind | header_bytes), out.data() + begin + kLengthBytes);
  return {};
}

Result<void> encode_frame(const Command& command, std::string& out) {
  Result<void> result = encode_frame_head(command, command.body.size(), out);
  if (result) out += command.body;
  return result;
}

Result<std::optional<std::size_t>> frame_size(std::string_view bytes, const FrameLimits& limits) {
  if (bytes.size() < kLengthBytes) return std::optional<std::size_t>{};
  const auto length = load_big<std::int32_t>(bytes.data());
  if (length < static_cast<std::int32_t>(kLengthBytes)) {
    return fail(Errc::corrupt, "a frame of {} bytes cannot be: no RocketMQ peer sent this", length);
  }
  if (static_cast<std::size_t>(length) > limits.frame_bytes_max) {
    return fail(Errc::resource_exhausted, "a frame of {} bytes is over the limit of {}", length,
                limits.frame_bytes_max);
  }
  if (bytes.size() >= kHeadBytes) {
    const auto word = load_big<std::uint32_t>(bytes.data() + kLengthBytes);
    const std::uint32_t kind = word >> 24;
    const std::size_t header_bytes = word & kHeaderLengthMask;
    if (kind > static_cast<std::uint32_t>(Serialization::rocketmq)) {
      return fail(Errc::corrupt, "header serialization {} is unknown", kind);
    }
    if (header_bytes > static_cast<std::size_t>(length) - kLengthBytes) {
      return fail(Errc::corrupt, "a header of {} bytes is longer than its frame of {}", header_bytes, length);
    }
    if (header_bytes > limits.header_bytes_max) {
      return fail(Errc::resource_exhausted, "a header of {} bytes is over the limit of {}", header_bytes,
                  limits.header_bytes_max);
    }
  }
  return kLengthBytes + static_cast<std::size_t>(length);
}

Result<Command> decode_frame(std::string_view frame, const FrameLimits& limits) {
  Result<std::optional<std::size_t>> size = frame_size(frame, limits);
  if (!size) return std::unexpected(size.error());
  if (*size != frame.size() || frame.size() < kHeadBytes) return fail(Errc::corrupt, "not one whole frame");
  const auto word = load_big<std::uint32_t>(frame.data() + kLengthBytes);
  const std::size_t header_bytes = word & kHeaderLengthMask;
  std::string_view header = frame.substr(kHeadBytes, header_bytes);
  Command command;
  command.serialization = static_cast<Serialization>(word >> 24);
  Result<void> result = command.serialization == Serialization::json ? decode_json_header(header, limits, command)
                                                                     : decode_binary_header(header, limits, command);
  if (!result) return std::unexpected(result.error());
  command.body.assign(body_of(frame, header_bytes));
  return command;
}

}  // namespace gantry::wire
