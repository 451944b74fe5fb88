// Numbers and texts as bytes, for what raft stores and sends: numbers of fixed width, lengths checked.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fixed.h"

namespace gantry::raft {

inline void put_text(std::string& to, std::string_view text) {
  put_fixed(to, static_cast<std::uint32_t>(text.size()));
  to.append(text);
}

// Reads in order; once something was missing `ok` is false and everything after reads as nothing.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <std::unsigned_integral T>
  T number() {
    const auto bytes = take(sizeof(T));
    return bytes.empty() ? T{0} : get_fixed<T>(bytes);
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
