// Where a server is: a host (name or address) and a port, read from the text that people and RocketMQ write.
// RocketMQ separates addresses of a list by ';'; ',' and blanks are taken as well.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gantry::net {

struct Endpoint {
  std::string host;  // without brackets
  std::uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
};

// "host:port" or "[::1]:port", port 0..65535. The error says what was expected and what was found.
Result<Endpoint> parse_endpoint(std::string_view text);
// Where to listen: as above, or ":port" for all IPv4 addresses of this machine.
Result<Endpoint> parse_listen_endpoint(std::string_view text);

// One or more endpoints: "a:1;b:2,c:3". Empty entries between separators are skipped; an empty list is an error.
Result<std::vector<Endpoint>> parse_endpoints(std::string_view text);

// IPv6 hosts are written in brackets, so that parse_endpoint reads them back.
std::string to_string(const Endpoint& endpoint);

// As above; an IPv4 address that was mapped into IPv6 (a dual-stack listener) is shown and returned as IPv4.
std::string to_string(const boost::asio::ip::tcp::endpoint& endpoint);
boost::asio::ip::tcp::endpoint unmapped(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace gantry::net
