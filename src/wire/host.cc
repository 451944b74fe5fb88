#include "wire/host.h"

#include <optional>
#include <vector>

#include "base/parse_number.h"

namespace gantry::wire {
namespace {

bool parse_v4(std::string_view text, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    const std::size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos || !parse_number(text.substr(0, dot), out[i])) return false;
    text.remove_prefix(i < 3 ? dot + 1 : dot);
  }
  return true;
}

// Groups of hex digits between colons; the last may be an IPv4 address. Empty text is no group.
bool parse_groups(std::string_view text, std::vector<std::uint8_t>& out) {
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    std::string_view group = text.substr(0, colon);
    std::uint16_t number = 0;
    if (colon == std::string_view::npos && group.find('.') != std::string_view::npos) {
      std::uint8_t v4[4];
      if (!parse_v4(group, v4)) return false;
      out.insert(out.end(), v4, v4 + 4);
    } else {
      if (group.size() > 4 || !parse_number(group, number, 16)) return false;
      out.push_back(static_cast<std::uint8_t>(number >> 8));
      out.push_back(static_cast<std::uint8_t>(number & 0xff));
    }
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;
  }
  return true;
}

bool parse_v6(std::string_view text, std::array<std::uint8_t, 16>& out) {
  const std::size_t gap = text.find("::");
  std::vector<std::uint8_t> head;
  std::vector<std::uint8_t> tail;
  if (!parse_groups(text.substr(0, gap), head)) return false;
  if (gap == std::string_view::npos) {
    if (head.size() != out.size()) return false;
  } else if (!parse_groups(text.substr(gap + 2), tail) || head.size() + tail.size() > out.size() - 2) {
    return false;
  }
  out.fill(0);
  std::copy(head.begin(), head.end(), out.begin());
  std::copy_backward(tail.begin(), tail.end(), out.end());
  return true;
}

// RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as "::".
std::string v6_text(const std::array<std::uint8_t, 16>& address) {
  std::array<unsigned, 8> groups;
  for (std::size_t i = 0; i < 8; ++i) groups[i] = (address[2 * i] << 8U) | address[2 * i + 1];
  std::size_t gap = 8;
  std::size_t gap_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > gap_length) gap = i, gap_length = end - i;
  }
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      text += "::";
      i += gap_length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    text += fmt::format("{:x}", groups[i]);
  }
  return text;
}

}  // namespace

Result<Host> parse_host(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view address = text.substr(0, colon);
  Host host;
  std::uint16_t port = 0;
  bool ok = colon != std::string_view::npos && parse_number(text.substr(colon + 1), port);
  if (ok && address.size() >= 2 && address.front() == '[' && address.back() == ']') {
    host.v6 = true;
    ok = parse_v6(address.substr(1, address.size() - 2), host.address);
  } else {
    ok = ok && parse_v4(address, host.address.data());
  }
  if (!ok) {
    return fail(Errc::invalid_argument, "\"{}\" is not a numeric address and port like 10.0.0.1:9876 or [::1]:9876",
                text.substr(0, 64));
  }
  host.port = port;
  return host;
}

std::string to_string(const Host& host) {
  if (host.v6) return fmt::format("[{}]:{}", v6_text(host.address), host.port);
  return fmt::format("{}.{}.{}.{}:{}", host.address[0], host.address[1], host.address[2], host.address[3], host.port);
}

}  // namespace gantry::wire
