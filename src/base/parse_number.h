// Whole numbers out of text.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace gantry {

// All of the text, in decimal, with a minus where Int has one. nullopt: something else stands there, or it is out of range.
template <std::integral Int>
std::optional<Int> parse_number(std::string_view text) {
  Int value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace gantry
