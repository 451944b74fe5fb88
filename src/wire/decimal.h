// Integers as decimal text at the end of a string, for what is written in every frame: formatting costs several times as
// much as the digits.
#pragma once

#include <charconv>
#include <concepts>
#include <string>

namespace gantry::wire {

template <std::integral Int>
void append_decimal(Int value, std::string& out) {
  char text[24];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  out.append(text, static_cast<std::size_t>(end - text));
}

}  // namespace gantry::wire
