// Big-endian integers in byte strings: the one place of the wire that turns bytes into numbers and back.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace gantry::wire {

template <std::integral T>
T load_big(const char* from) {
  std::make_unsigned_t<T> value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) value = std::byteswap(value);
  return static_cast<T>(value);
}

template <std::integral T>
void store_big(T number, char* to) {
  auto value = static_cast<std::make_unsigned_t<T>>(number);
  if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) value = std::byteswap(value);
  std::memcpy(to, &value, sizeof value);
}

template <std::integral T>
void append_big(T number, std::string& out) {
  char bytes[sizeof(T)];
  store_big(number, bytes);
  out.append(bytes, sizeof bytes);
}

// Writes one after the other into memory that is known to be large enough.
class ByteWriter {
 public:
  explicit ByteWriter(char* at) : at_(at) {}

  template <std::integral T>
  void put(T number) {
    store_big(number, at_);
    at_ += sizeof(T);
  }
  void put_bytes(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());  // memcpy must not see a null pointer
    at_ += bytes.size();
  }

 private:
  char* at_;
};

// Reads one after the other and never beyond the end. After a read that failed, ok() is false and reads give zeros.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <std::integral T>
  T get() {
    std::string_view bytes = get_bytes(sizeof(T));
    return ok_ ? load_big<T>(bytes.data()) : T{};
  }
  // A negative length, as a corrupt length field may hold, fails as one that is too long.
  std::string_view get_bytes(std::int64_t length) {
    if (!ok_ || length < 0 || static_cast<std::uint64_t>(length) > rest_.size()) {
      ok_ = false;
      return {};
    }
    std::string_view bytes = rest_.substr(0, static_cast<std::size_t>(length));
    rest_.remove_prefix(static_cast<std::size_t>(length));
    return bytes;
  }
  bool ok() const { return ok_; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace gantry::wire
