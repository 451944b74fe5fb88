// Big-endian integers in keys and values: their order as bytes is their order as numbers.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace gantry::store {

inline void put_u64(char* out, std::uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(out, &value, sizeof value);
}

inline void put_u32(char* out, std::uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(out, &value, sizeof value);
}

inline std::uint64_t get_u64(const char* in) {
  std::uint64_t value;
  std::memcpy(&value, in, sizeof value);
  return __builtin_bswap64(value);
}

inline std::uint32_t get_u32(const char* in) {
  std::uint32_t value;
  std::memcpy(&value, in, sizeof value);
  return __builtin_bswap32(value);
}

static_assert(std::endian::native == std::endian::little);

}  // namespace gantry::store
