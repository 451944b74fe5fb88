// Whole numbers out of text.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace gantry {

// All of the text, with a minus where Int has one. False, and `out` of no use: something else stands there, or it is out of
// range.
template <std::integral Int>
bool parse_number(std::string_view text, Int& out, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc{} && end == text.data() + text.size();
}

template <std::integral Int>
std::optional<Int> parse_number(std::string_view text) {
  Int value{};
  return parse_number(text, value) ? std::optional(value) : std::nullopt;
}

}  // namespace gantry
