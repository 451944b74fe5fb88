// Unsigned numbers as bytes of fixed width, least significant byte first: in files, log entries and between nodes.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace gantry {

template <std::unsigned_integral Int>
void put_fixed(std::string& out, Int value) {
  for (std::size_t i = 0; i < sizeof(Int); ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

// Needs sizeof(Int) bytes; what is behind them is not looked at.
template <std::unsigned_integral Int>
Int get_fixed(std::string_view bytes) {
  Int value = 0;
  for (std::size_t i = 0; i < sizeof(Int); ++i)
    value |= static_cast<Int>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return value;
}

}  // namespace gantry
