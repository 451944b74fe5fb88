#include "wire/host.h"

#include <charconv>
#include <cstring>
#include <optional>

#include <arpa/inet.h>

namespace gantry::wire {
namespace {

std::unexpected<Error> malformed(std::string_view text) {
  return fail(Errc::invalid_argument, "\"{}\" is not a numeric address and port like 10.0.0.1:9876 or [::1]:9876",
              text.substr(0, 64));
}

}  // namespace

Result<Host> parse_host(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed(text);
  std::string_view address = text.substr(0, colon);
  std::string_view port = text.substr(colon + 1);
  Host host;
  host.v6 = address.size() >= 2 && address.front() == '[' && address.back() == ']';
  if (host.v6) address = address.substr(1, address.size() - 2);
  char terminated[INET6_ADDRSTRLEN] = {};
  if (address.size() >= sizeof terminated) return malformed(text);
  std::memcpy(terminated, address.data(), address.size());
  if (inet_pton(host.v6 ? AF_INET6 : AF_INET, terminated, host.address.data()) != 1) return malformed(text);
  std::uint16_t number = 0;
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size()) return malformed(text);
  host.port = number;
  return host;
}

std::string to_string(const Host& host) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(host.v6 ? AF_INET6 : AF_INET, host.address.data(), text, sizeof text);
  return host.v6 ? fmt::format("[{}]:{}", text, host.port) : fmt::format("{}:{}", text, host.port);
}

}  // namespace gantry::wire
