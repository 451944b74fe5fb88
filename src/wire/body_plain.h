// The short way for small bodies of numbers, texts and lists of integers in plain JSON: read as they come, without a tree of
// values in between, which was a tenth of what a controller's write costs. It either reads what the long way (wire/body_json.h) would have read or
// gives up, and the long way then says what is wrong.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "wire/fields.h"
#include "wire/json_text.h"

namespace gantry::wire::body_plain {

constexpr std::size_t kBytesMax = 4'096;  // far below every limit of the long way

template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;

template <Integer Int>
bool read(JsonScanner& scan, Int& out) {
  const std::string_view word = scan.word();
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  return error == std::errc{} && stop == word.data() + word.size();
}

inline bool read(JsonScanner& scan, std::string& out) {
  std::string scratch;
  std::string_view text;
  if (scan.peek() != '"' || !scan.string(scratch, text)) return false;
  out.assign(text);
  return true;
}

template <Integer Int>
bool read(JsonScanner& scan, std::vector<Int>& out) {
  out.clear();
  if (!scan.take('[')) return false;
  if (scan.take(']')) return true;
  do {
    scan.peek();
    if (!read(scan, out.emplace_back())) return false;
  } while (scan.take(','));
  return scan.take(']');
}

template <class Value>
concept Plain = requires(JsonScanner& scan, Value& value) {
  { read(scan, value) } -> std::same_as<bool>;
};

template <class Owner, class Value>
constexpr bool plain_field(const FieldOf<Owner, Value>*) {
  return Plain<Value>;
}
template <class... Fields>
constexpr bool plain_table(const std::tuple<Fields...>*) {
  return (plain_field(static_cast<const Fields*>(nullptr)) && ...);
}
template <class Body>
constexpr bool is_plain = false;
template <class Body>
  requires requires { Body::table(); }
constexpr bool is_plain<Body> = plain_table(static_cast<const decltype(Body::table())*>(nullptr));

// false: `out` is anything.
template <class Body>
bool read_body(std::string_view json, Body& out) {
  if (json.size() > kBytesMax) return false;
  JsonScanner scan(json);
  if (!scan.take('{')) return false;
  const auto table = Body::table();
  unsigned seen = 0;
  static_assert(std::tuple_size_v<decltype(table)> <= 32);
  std::string scratch;
  if (!scan.take('}')) {
    do {
      std::string_view key;
      if (scan.peek() != '"' || !scan.string(scratch, key) || !scan.take(':')) return false;
      scan.peek();
      bool known = false;
      unsigned bit = 1;
      const auto member = [&](const auto& field) {
        if (field.name == key) known = (seen & bit) == 0 && (seen |= bit, read(scan, out.*(field.member)));
        bit <<= 1;
      };
      std::apply([&](const auto&... field) { (member(field), ...); }, table);
      if (!known) return false;
    } while (scan.take(','));
    if (!scan.take('}')) return false;
  }
  unsigned bit = 1;
  bool whole = true;
  const auto there = [&](const auto& field) {
    whole = whole && (!field.required || (seen & bit) != 0);
    bit <<= 1;
  };
  std::apply([&](const auto&... field) { (there(field), ...); }, table);
  return whole && scan.peek() == '\0' && scan.position() == json.size();
}

}  // namespace gantry::wire::body_plain
