#include "controller/peer_list.h"

namespace gantry::controller {

Result<std::vector<Peer>> parse_peers(std::string_view text) {
  std::vector<Peer> peers;
  while (!text.empty()) {
    const auto end = text.find(';');
    std::string_view entry = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    if (entry.empty()) continue;
    // a name has no '-' of its own, a host may
    const auto dash = entry.find('-');
    if (dash == std::string_view::npos || dash == 0) {
      return fail(
          Errc::invalid_argument,
          "expected n0-host:port;n1-host:port, got \"{}\": the name, with a dash behind it, is missing before the "
          "address",
          entry);
    }
    const std::string_view address = entry.substr(dash + 1);
    auto endpoint = net::parse_endpoint(address);
    if (!endpoint) {
      return fail(Errc::invalid_argument, "expected n0-host:port;n1-host:port, got \"{}\": {}", entry,
                  endpoint.error().message);
    }
    if (endpoint->port == 0) {
      return fail(Errc::invalid_argument,
                  "expected n0-host:port;n1-host:port, got \"{}\": the port must be a number from 1 "
                  "to 65535",
                  entry);
    }
    peers.push_back({std::string(entry.substr(0, dash)), std::move(*endpoint)});
  }
  return peers;
}

}  // namespace gantry::controller
