// The alphabet of log entries and snapshots: little-endian fixed numbers, varints (7 bits a byte, lowest first), signed
// ones zigzag, texts and lists with their length. One description of a type's fields serves both directions, so that
// what is written and what is read cannot differ.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/fixed.h"

namespace gantry::replication {

inline void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

// Writes fields. A type is described by `void describe(Fields& fields, Type& value)`, found beside the codec.
class FieldWriter {
 public:
  template <class T>
  using In = const T;

  FieldWriter(std::string& out, std::uint32_t version) : out_(out), version_(version) {}

  template <class... Fields>
  void operator()(const Fields&... fields) {
    (put(fields), ...);
  }
  // Fields that were appended to a type in `version`: an older format does not have them.
  template <class... Fields>
  void since(std::uint32_t version, const Fields&... fields) {
    if (version_ >= version) (put(fields), ...);
  }

 private:
  void put(bool value) { out_.push_back(value ? 1 : 0); }
  void put(const std::string& value) {
    put_varint(out_, value.size());
    out_ += value;
  }
  template <std::signed_integral Int>
  void put(Int value) {
    const auto wide = static_cast<std::int64_t>(value);
    put_varint(out_, static_cast<std::uint64_t>(wide) << 1 ^ static_cast<std::uint64_t>(wide >> 63));
  }
  template <std::unsigned_integral Int>
  void put(Int value) {
    put_varint(out_, value);
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void put(Enum value) {
    out_.push_back(static_cast<char>(value));
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <class T>
  void put(const std::vector<T>& values) {
    put_varint(out_, values.size());
    for (const T& value : values) put(value);
  }
  template <class T>
    requires std::is_class_v<T>
  void put(const T& value) {
    describe(*this, value);
  }

  std::string& out_;
  std::uint32_t version_;
};

// Reads fields. After the first fault all further ones are empty and ok() is false; nothing is read out of bounds and no
// more memory is taken than a small multiple of the bytes.
class FieldReader {
 public:
  template <class T>
  using In = T;

  FieldReader(std::string_view bytes, std::uint32_t version) : bytes_(bytes), version_(version) {}

  template <class... Fields>
  void operator()(Fields&... fields) {
    (get(fields), ...);
  }
  template <class... Fields>
  void since(std::uint32_t version, Fields&... fields) {
    if (version_ >= version) (get(fields), ...);
  }

  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return fault();
  }
  std::string_view bytes(std::uint64_t size) {
    if (size > bytes_.size()) size = fault();
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

 private:
  std::uint64_t fault() {
    ok_ = false;
    bytes_ = {};
    return 0;
  }
  void get(bool& value) {
    const std::uint64_t byte = varint();
    if (byte > 1) fault();
    value = byte == 1;
  }
  void get(std::string& value) { value = bytes(varint()); }
  template <std::signed_integral Int>
  void get(Int& value) {
    const std::uint64_t zigzag = varint();
    const auto wide = static_cast<std::int64_t>(zigzag >> 1 ^ (~(zigzag & 1) + 1));
    if (wide < std::numeric_limits<Int>::min() || wide > std::numeric_limits<Int>::max()) fault();
    value = ok_ ? static_cast<Int>(wide) : 0;
  }
  template <std::unsigned_integral Int>
  void get(Int& value) {
    const std::uint64_t wide = varint();
    if (wide > std::numeric_limits<Int>::max()) fault();
    value = ok_ ? static_cast<Int>(wide) : 0;
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void get(Enum& value) {
    const std::string_view byte = bytes(1);
    value = static_cast<Enum>(byte.empty() ? 0 : static_cast<unsigned char>(byte[0]));
  }
  template <class T>
  void get(std::optional<T>& value) {
    bool there = false;
    get(there);
    value.reset();
    if (there) get(value.emplace());
  }
  template <class T>
  void get(std::vector<T>& values) {
    const std::uint64_t count = varint();
    values.clear();
    if (count > bytes_.size()) fault();  // each needs a byte at least
    for (std::uint64_t i = 0; ok_ && i < count; ++i) get(values.emplace_back());
  }
  template <class T>
    requires std::is_class_v<T>
  void get(T& value) {
    describe(*this, value);
  }

  std::string_view bytes_;
  std::uint32_t version_;
  bool ok_ = true;
};

}  // namespace gantry::replication
