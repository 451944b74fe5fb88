// UTF-8: reading code points from bytes that may be anything, and writing them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gantry::wire {

inline constexpr char32_t kReplacementCharacter = 0xfffd;

// The code point at the front of `text`, which must not be empty, and how many bytes it took. A byte that starts no
// valid sequence counts as one kReplacementCharacter.
struct CodePoint {
  char32_t value;
  std::size_t bytes;
};
CodePoint next_code_point(std::string_view text);

// Appends `code_point`; surrogates and what is beyond U+10FFFF become kReplacementCharacter.
void append_code_point(char32_t code_point, std::string& out);

}  // namespace gantry::wire
