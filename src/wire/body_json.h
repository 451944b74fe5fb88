// How typed bodies are read from and written as JSON: the definitions behind wire/body.h. Only the .cc files of
// wire/bodies/ include this; each ends by instantiating decode_body and encode_body for its types.
#pragma once

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/parse_number.h"
#include "wire/body.h"
#include "wire/body_plain.h"
#include "wire/decimal.h"
#include "wire/json_text.h"

namespace gantry::wire {

template <class T>
concept HasTable = requires { T::table(); };

namespace body_detail {

using JsonValue = boost::json::value;

// The functions below find each other, and those of special types such as BitSet, by argument-dependent lookup through
// this tag, whatever the order of their declarations.
struct Tag {};

inline std::unexpected<Error> unexpected_value(std::string_view expected, const JsonValue& found) {
  constexpr std::size_t kShownMax = 64;
  const std::string text = found.is_object()  ? "an object"
                           : found.is_array() ? "an array"
                                              : boost::json::serialize(found);
  return fail(Errc::corrupt, "expected {}, got {}", expected, text.substr(0, kShownMax));
}

inline std::unexpected<Error> at_member(std::string_view name, Error error) {
  return std::unexpected(in_context(name.substr(0, 64), std::move(error)));
}

inline Result<void> read(Tag, const JsonValue& json, std::string& out) {
  if (const boost::json::string* text = json.if_string()) {
    out.assign(text->data(), text->size());
  } else if (json.is_number() || json.is_bool()) {
    out = boost::json::serialize(json);  // fastjson casts so, too
  } else {
    return unexpected_value("a string", json);
  }
  return {};
}

inline Result<void> read(Tag, const JsonValue& json, bool& out) {
  if (json.is_bool()) {
    out = json.get_bool();
  } else if (json.is_string() && (json.get_string() == "true" || json.get_string() == "false")) {
    out = json.get_string() == "true";
  } else {
    return unexpected_value("true or false", json);
  }
  return {};
}

template <std::integral Int>
Result<void> read(Tag, const JsonValue& json, Int& out) {
  if (const std::int64_t* number = json.if_int64()) {
    if (std::in_range<Int>(*number)) {
      out = static_cast<Int>(*number);
      return {};
    }
  } else if (const boost::json::string* text = json.if_string()) {
    if (parse_number(std::string_view(text->data(), text->size()), out)) return {};
  }
  return unexpected_value("an integer in range", json);
}

inline Result<void> read(Tag, const JsonValue& json, double& out) {
  if (!json.is_number()) return unexpected_value("a number", json);
  out = json.to_number<double>();
  return {};
}

template <class T>
Result<void> read(Tag, const JsonValue& json, std::optional<T>& out) {
  return read(Tag{}, json, out.emplace());
}

template <class T>
Result<void> read(Tag, const JsonValue& json, std::vector<T>& out) {
  const boost::json::array* array = json.if_array();
  if (array == nullptr) return unexpected_value("an array", json);
  out.clear();
  out.reserve(array->size());
  for (const JsonValue& item : *array) {
    if (item.is_null()) continue;
    Result<void> result = read(Tag{}, item, out.emplace_back());
    if (!result) return at_member(fmt::format("[{}]", out.size() - 1), result.error());
  }
  return {};
}

inline Result<void> read_key(std::string_view text, std::string& out) {
  out.assign(text);
  return {};
}

template <std::integral Int>
Result<void> read_key(std::string_view text, Int& out) {
  if (parse_number(text, out)) return {};
  return fail(Errc::corrupt, "expected an integer as key, got \"{}\"", text.substr(0, 64));
}

template <HasTable Key>
Result<void> read_key(std::string_view text, Key& out) {
  Result<JsonValue> json = parse_fastjson(text);
  if (!json) return std::unexpected(json.error());
  return read(Tag{}, *json, out);
}

template <class Key, class T>
Result<void> read(Tag, const JsonValue& json, std::map<Key, T>& out) {
  const boost::json::object* object = json.if_object();
  if (object == nullptr) return unexpected_value("an object", json);
  out.clear();
  for (const auto& member : *object) {
    if (member.value().is_null()) continue;
    Key key{};
    Result<void> result = read_key(std::string_view(member.key().data(), member.key().size()), key);
    if (result) result = read(Tag{}, member.value(), out[std::move(key)]);
    if (!result) return at_member(std::string_view(member.key().data(), member.key().size()), result.error());
  }
  return {};
}

template <class Owner, class Value, class Body>
Result<void> read_member(const boost::json::object& object, const FieldOf<Owner, Value>& field, Body& out) {
  const JsonValue* json = object.if_contains(boost::json::string_view(field.name.data(), field.name.size()));
  if (json == nullptr || json->is_null()) {
    if (field.required) return fail(Errc::corrupt, "{} is missing", field.name);
    return {};
  }
  Result<void> result = read(Tag{}, *json, out.*(field.member));
  if (!result) return at_member(field.name, result.error());
  return {};
}

template <HasTable Body>
Result<void> read(Tag, const JsonValue& json, Body& out) {
  const boost::json::object* object = json.if_object();
  if (object == nullptr) return unexpected_value("an object", json);
  Result<void> result;
  std::apply([&](const auto&... field) { (void)((result = read_member(*object, field, out)).has_value() && ...); },
             Body::table());
  return result;
}

inline void write(Tag, const std::string& value, std::string& out) { append_json_string(value, out); }
inline void write(Tag, bool value, std::string& out) { out += value ? "true" : "false"; }

template <std::integral Int>
void write(Tag, Int value, std::string& out) {
  append_decimal(value, out);
}

inline void write(Tag, double value, std::string& out) {
  out += std::isfinite(value) ? fmt::format("{}", value) : "0.0";
}

template <class T>
void write(Tag, const std::optional<T>& value, std::string& out) {
  write(Tag{}, *value, out);
}

template <class T>
void write(Tag, const std::vector<T>& values, std::string& out) {
  out += '[';
  bool first = true;
  for (const T& value : values) {
    if (!first) out += ',';
    first = false;
    write(Tag{}, value, out);
  }
  out += ']';
}

template <std::integral Int>
void write_key(Int key, std::string& out) {
  out += '"';
  write(Tag{}, key, out);
  out += '"';
}
inline void write_key(const std::string& key, std::string& out) { append_json_string(key, out); }
template <HasTable Key>
void write_key(const Key& key, std::string& out) {
  write(Tag{}, key, out);  // fastjson writes, and wants, the object itself as key
}

template <class Key, class T>
void write(Tag, const std::map<Key, T>& values, std::string& out) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : values) {
    if (!first) out += ',';
    first = false;
    write_key(key, out);
    out += ':';
    write(Tag{}, value, out);
  }
  out += '}';
}

template <class Owner, class Value, class Body>
void write_member(const FieldOf<Owner, Value>& field, const Body& body, bool& first, std::string& out) {
  const Value& value = body.*(field.member);
  if constexpr (fields_detail::is_optional<Value>) {
    if (!value) return;
  }
  if (!first) out += ',';
  first = false;
  append_json_string(field.name, out);
  out += ':';
  write(Tag{}, value, out);
}

template <HasTable Body>
void write(Tag, const Body& body, std::string& out) {
  out += '{';
  bool first = true;
  std::apply([&](const auto&... field) { (write_member(field, body, first, out), ...); }, Body::table());
  out += '}';
}

}  // namespace body_detail

template <class Body>
Result<Body> decode_body(std::string_view text, const JsonLimits& limits) {
  if constexpr (body_plain::is_plain<Body>) {
    const bool within = text.size() <= std::min(limits.bytes_max, limits.values_max) && limits.depth_max >= 2;
    if (Body body; within && body_plain::read_body(text, body)) return body;
  }
  Result<boost::json::value> json = parse_fastjson(text, limits);
  if (!json) return std::unexpected(json.error());
  Body body;
  Result<void> result = body_detail::read(body_detail::Tag{}, *json, body);
  if (!result) return std::unexpected(result.error());
  return body;
}

template <class Body>
std::string encode_body(const Body& body) {
  std::string out;
  body_detail::write(body_detail::Tag{}, body, out);
  return out;
}

// Makes the two functions of one body type: once, in the .cc of its header.
#define GANTRY_WIRE_BODY(Type)                                                  \
  template Result<Type> decode_body<Type>(std::string_view, const JsonLimits&); \
  template std::string encode_body<Type>(const Type&)

}  // namespace gantry::wire
