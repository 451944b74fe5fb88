// The address of a host as message records and message ids hold it: 4 or 16 bytes and a port.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gantry::wire {

struct Host {
  std::array<std::uint8_t, 16> address{};  // network order; an IPv4 address is in the first 4 bytes
  bool v6 = false;
  std::int32_t port = 0;  // 4 bytes on the wire

  std::string_view address_bytes() const {
    return {reinterpret_cast<const char*>(address.data()), v6 ? std::size_t{16} : std::size_t{4}};
  }
  bool operator==(const Host&) const = default;
};

// "10.0.0.1:9876" or "[::1]:9876". Names are not resolved: only numeric addresses. Fails with invalid_argument.
Result<Host> parse_host(std::string_view text);

// The same form again.
std::string to_string(const Host& host);

}  // namespace gantry::wire
