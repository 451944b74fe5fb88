#include "wire/utf8.h"

namespace gantry::wire {

CodePoint next_code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = 0;
  char32_t value = 0;
  char32_t smallest = 0;  // shorter forms of the same number are not valid
  if (lead >= 0xc2 && lead < 0xe0) {
    length = 2, value = lead & 0x1f, smallest = 0x80;
  } else if (lead >= 0xe0 && lead < 0xf0) {
    length = 3, value = lead & 0x0f, smallest = 0x800;
  } else if (lead >= 0xf0 && lead < 0xf5) {
    length = 4, value = lead & 0x07, smallest = 0x10000;
  }
  if (length == 0 || text.size() < length) return {kReplacementCharacter, 1};
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return {kReplacementCharacter, 1};
    value = (value << 6) | (byte & 0x3f);
  }
  const bool surrogate = value >= 0xd800 && value < 0xe000;
  if (value < smallest || value > 0x10ffff || surrogate) return {kReplacementCharacter, 1};
  return {value, length};
}

void append_code_point(char32_t code_point, std::string& out) {
  if ((code_point >= 0xd800 && code_point < 0xe000) || code_point > 0x10ffff) code_point = kReplacementCharacter;
  auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    put(0xe0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3f));
    put(0x80 | (code_point & 0x3f));
  } else {
    put(0xf0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3f));
    put(0x80 | ((code_point >> 6) & 0x3f));
    put(0x80 | (code_point & 0x3f));
  }
}

}  // namespace gantry::wire
