#include "net/endpoint.h"

#include <algorithm>

#include "base/parse_number.h"

namespace gantry::net {

namespace {

constexpr std::size_t kHostBytesMax = 253;  // RFC 1035
constexpr std::string_view kAllAddresses = "0.0.0.0";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool host_has_only_sane_characters(std::string_view host) {
  return std::ranges::none_of(host, [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '/' || c == '@'; });
}

enum class Use { connect, listen };

std::unexpected<Error> unreadable(Use use, std::string_view text, std::string_view why) {
  constexpr std::size_t kShownMax = 80;
  return fail(Errc::invalid_argument, "expected an address such as {}, got \"{}\": {}",
              use == Use::connect ? "127.0.0.1:9876, name:9876 or [::1]:9876"
                                  : "127.0.0.1:8088, [::1]:8088 or :8088 (all addresses of this machine)",
              text.substr(0, kShownMax), why);
}

Result<Endpoint> parse(std::string_view whole, Use use) {
  std::string_view text = trimmed(whole);
  if (text.find("://") != std::string_view::npos)
    return unreadable(use, whole, "leave out what stands before the host");
  std::string_view host;
  std::string_view port_text;
  if (text.starts_with('[')) {
    const std::size_t end = text.find("]:");
    if (end == std::string_view::npos) return unreadable(use, whole, "no \"]:port\" after \"[\"");
    host = text.substr(1, end - 1);
    port_text = text.substr(end + 2);
    boost::system::error_code error;
    boost::asio::ip::make_address_v6(std::string(host), error);
    if (error) return unreadable(use, whole, "what stands in brackets is no IPv6 address");
  } else {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return unreadable(use, whole, "the port is missing");
    host = text.substr(0, colon);
    port_text = text.substr(colon + 1);
    if (host.find(':') != std::string_view::npos)
      return unreadable(use, whole, "an IPv6 address must stand in brackets");
    if (host.empty() && use == Use::listen) host = kAllAddresses;
    if (host.empty()) return unreadable(use, whole, "the host is missing");
    if (!host_has_only_sane_characters(host))
      return unreadable(use, whole, "the host has a character that no host has");
  }
  if (host.size() > kHostBytesMax) return unreadable(use, whole, "the host is longer than 253 characters");

  std::uint16_t port = 0;
  if (!parse_number(port_text, port)) return unreadable(use, whole, "the port must be a number from 0 to 65535");
  return Endpoint{std::string(host), port};
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) { return parse(text, Use::connect); }

Result<Endpoint> parse_listen_endpoint(std::string_view text) { return parse(text, Use::listen); }

Result<std::vector<Endpoint>> parse_endpoints(std::string_view text) {
  std::vector<Endpoint> all;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(";, "), rest.size());
    const std::string_view one = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (one.empty()) continue;
    auto endpoint = parse_endpoint(one);
    if (!endpoint) return std::unexpected(endpoint.error());
    all.push_back(std::move(*endpoint));
  }
  if (all.empty()) return unreadable(Use::connect, text, "the list is empty");
  return all;
}

std::string to_string(const Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port) : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

boost::asio::ip::tcp::endpoint unmapped(const boost::asio::ip::tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return endpoint;
  return {boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()), endpoint.port()};
}

std::string to_string(const boost::asio::ip::tcp::endpoint& endpoint) {
  const auto shown = unmapped(endpoint);
  return to_string(Endpoint{shown.address().to_string(), shown.port()});
}

}  // namespace gantry::net
