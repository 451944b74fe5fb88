// Compression of message bodies, as the sys flag of a message names it: zlib streams, LZ4 frames, Zstandard frames.
// Rule: org.apache.rocketmq.common.compression and MessageSysFlag (bit 0 compressed, bits 8 to 10 the type; type 0 is
// zlib, from before there was a choice).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gantry::wire {

enum class Compression : std::uint8_t { lz4 = 1, zstd = 2, zlib = 3 };

bool is_compressed(std::int32_t sys_flag);

// The type that the bits of `sys_flag` name, whether or not its compressed bit is set. Fails with unimplemented for
// types that RocketMQ does not define.
Result<Compression> compression_of(std::int32_t sys_flag);

// `sys_flag` with the compressed bit and this type set; and without both.
std::int32_t with_compression(std::int32_t sys_flag, Compression compression);
std::int32_t without_compression(std::int32_t sys_flag);

// level: as the library of that type takes it; the Java client uses 5.
Result<std::string> compress(Compression compression, std::string_view body, int level = 5);

// Fails with corrupt when `body` is not a whole stream of that type, with resource_exhausted when it would grow beyond
// bytes_max.
Result<std::string> decompress(Compression compression, std::string_view body, std::size_t bytes_max);

}  // namespace gantry::wire
