// Typed headers from one declarative table a header. A header is a struct with a static `table()`:
//
//   struct PullMessageRequestHeader {
//     std::string consumer_group;
//     std::int64_t queue_offset = 0;
//     std::optional<std::string> subscription;
//     static constexpr auto table() {
//       return std::tuple{field("consumerGroup", &PullMessageRequestHeader::consumer_group),
//                         field("queueOffset", &PullMessageRequestHeader::queue_offset),
//                         field("subscription", &PullMessageRequestHeader::subscription)};
//     }
//   };
//
// std::optional members may be missing on the wire and are not written when empty; all others are required unless
// declared with `field_or` (a missing one keeps the member's default). Types: bool, integers, std::string, enums are
// not: keep the integer. Values on the wire are decimal text, as Java's CommandCustomHeader writes them.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "base/error.h"
#include "base/parse_number.h"
#include "wire/command.h"

namespace gantry::wire {

template <class Header, class Value>
struct FieldOf {
  std::string_view name;
  Value Header::* member;
  bool required;
};

template <class Header, class Value>
constexpr FieldOf<Header, Value> field(std::string_view name, Value Header::* member) {
  return {name, member, true};
}

template <class Header, class Value>
constexpr FieldOf<Header, Value> field_or(std::string_view name, Value Header::* member) {
  return {name, member, false};
}

namespace fields_detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

Error missing(std::string_view name);
Error malformed(std::string_view name, std::string_view expected, std::string_view found);

inline Result<void> parse(std::string_view, std::string_view text, std::string& out) {
  out.assign(text);
  return {};
}

inline Result<void> parse(std::string_view name, std::string_view text, bool& out) {
  // Java's Boolean.parseBoolean: anything but "true" is false; we refuse what is neither
  if (text == "true") {
    out = true;
  } else if (text == "false") {
    out = false;
  } else {
    return std::unexpected(malformed(name, "true or false", text));
  }
  return {};
}

template <std::integral T>
Result<void> parse(std::string_view name, std::string_view text, T& out) {
  if (!parse_number(text, out)) return std::unexpected(malformed(name, "an integer", text));
  return {};
}

template <class T>
Result<void> parse(std::string_view name, std::string_view text, std::optional<T>& out) {
  return parse(name, text, out.emplace());
}

inline void write(Fields& fields, std::string_view name, const std::string& value) { fields.add(name, value); }
inline void write(Fields& fields, std::string_view name, bool value) { fields.add(name, value ? "true" : "false"); }

template <std::integral T>
void write(Fields& fields, std::string_view name, T value) {
  char text[24];
  auto [end, error] = std::to_chars(text, text + sizeof text, value);
  fields.add(name, std::string_view(text, static_cast<std::size_t>(end - text)));
}

template <class T>
void write(Fields& fields, std::string_view name, const std::optional<T>& value) {
  if (value) write(fields, name, *value);
}

// Owner is Header or a base of it: SendMessageRequestHeaderV2 is the same struct under other names.
template <class Owner, class Value, class Header>
Result<void> read(const Fields& fields, const FieldOf<Owner, Value>& field, Header& header) {
  const std::string* text = fields.find(field.name);
  if (text == nullptr) {
    if (field.required && !is_optional<Value>) return std::unexpected(missing(field.name));
    return {};
  }
  return parse(field.name, *text, header.*(field.member));
}

}  // namespace fields_detail

// Reads a typed header. The error names the field, what was expected and what was found.
template <class Header>
Result<Header> decode_header(const Fields& fields) {
  Header header;
  Result<void> result;
  std::apply(
      [&](const auto&... field) { (void)((result = fields_detail::read(fields, field, header)).has_value() && ...); },
      Header::table());
  if (!result) return std::unexpected(result.error());
  return header;
}

// Appends a typed header to `fields` in the order of its table.
template <class Header>
void encode_header(const Header& header, Fields& fields) {
  fields.reserve(fields.size() + std::tuple_size_v<decltype(Header::table())>);
  std::apply([&](const auto&... field) { (fields_detail::write(fields, field.name, header.*(field.member)), ...); },
             Header::table());
}

// A request of ours with a typed header.
template <class Header>
Command make_request(std::int32_t code, const Header& header) {
  Command command = make_request(code);
  encode_header(header, command.fields);
  return command;
}

}  // namespace gantry::wire
