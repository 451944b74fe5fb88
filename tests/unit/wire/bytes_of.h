// Bytes for expectations, written as hex with blanks where the eye wants them.
#pragma once

#include <cctype>
#include <string>
#include <string_view>

namespace gantry::wire {

inline std::string bytes_of(std::string_view hex) {
  std::string bytes;
  int nibbles = 0;
  int value = 0;
  for (const char c : hex) {
    if (std::isspace(static_cast<unsigned char>(c))) continue;
    value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    if (++nibbles % 2 == 0) bytes.push_back(static_cast<char>(value)), value = 0;
  }
  return bytes;
}

inline std::string hex_of(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 0xf];
  }
  return hex;
}

}  // namespace gantry::wire
