// Numbers and texts as bytes, for what raft stores and sends: fixed width, least significant byte first, lengths checked.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace gantry::raft {

template <std::unsigned_integral T>
void put(std::string& to, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) to.push_back(static_cast<char>(value >> (8 * i)));
}

inline void put_text(std::string& to, std::string_view text) {
  put(to, static_cast<std::uint32_t>(text.size()));
  to.append(text);
}

// Reads in order; once something was missing `ok` is false and everything after reads as nothing.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <std::unsigned_integral T>
  T number() {
    auto bytes = take(sizeof(T));
    T value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      value |= static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return value;
  }

  std::string_view text() { return take(number<std::uint32_t>()); }

  std::string_view take(std::size_t size) {
    if (!ok_ || size > rest_.size()) {
      ok_ = false;
      return {};
    }
    auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace gantry::raft
