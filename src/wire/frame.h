// Frames: how commands stand in the byte stream. Rule: org.apache.rocketmq.remoting.protocol.RemotingCommand and
// NettyDecoder: 4 bytes length of what follows, 4 bytes (1 byte serialization, 3 bytes header length), header, body;
// all integers big-endian.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/command.h"

namespace gantry::wire {

struct FrameLimits {
  std::size_t frame_bytes_max = 16 * 1024 * 1024;  // whole frame without its length word; the Java limit
  std::size_t header_bytes_max = 256 * 1024;
  std::size_t fields_max = 1024;
};

// Appends the whole frame of `command` to `out`. Fails with invalid_argument if it is too large to be expressed.
Result<void> encode_frame(const Command& command, std::string& out);

// As encode_frame, but without the body, whose `body_bytes` will follow: for gathered writes.
Result<void> encode_frame_head(const Command& command, std::size_t body_bytes, std::string& out);

// Looks at the bytes at the front of a stream. Returns the total size of the first frame including its length word,
// nullopt when fewer than 4 bytes are there. Fails with corrupt or resource_exhausted as soon as the length word or
// (when present) header length show that the frame can never be taken: the connection must then be closed.
Result<std::optional<std::size_t>> frame_size(std::string_view bytes, const FrameLimits& limits);

// Decodes one whole frame, as cut by frame_size (length word included).
Result<Command> decode_frame(std::string_view frame, const FrameLimits& limits);

}  // namespace gantry::wire
