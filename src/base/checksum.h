// CRC-32 of any bytes at the speed of memory: a broker takes one of every body, and its storage one of every write.
#pragma once

#include <cstdint>
#include <string_view>

namespace gantry {

// CRC-32 as of zlib (IEEE 802.3, reflected); `before` is that of the bytes before these.
std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0);

// CRC-32C (Castagnoli, RFC 3720 B.4); `before` as above.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace gantry
