#include "http/guard.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace gantry::http {

bool is_loopback_host(std::string_view text) {
  std::string host;
  std::size_t colon = std::string_view::npos;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    host.assign(text.substr(1, end - 1));
    colon = end + 1 == text.size() ? std::string_view::npos : end + 1;
    if (colon != std::string_view::npos && text[colon] != ':') return false;
  } else {
    colon = text.find(':');
    host.assign(text.substr(0, colon));
  }
  if (colon != std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    if (!std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; })) return false;
  }
  std::ranges::transform(host, host.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  return !error && address.is_loopback();
}

Result<void> check_local(const Request& request) {
  const std::string_view host = request.header("host");
  if (host.empty()) return fail(Errc::invalid_argument, "the request has no Host header");
  if (!is_loopback_host(host)) {
    return fail(Errc::permission_denied,
                "this server listens on loopback and answers only requests to localhost, not to {}",
                host.substr(0, 100));
  }
  if (request.method == "GET") return {};
  std::string_view origin = request.header("origin");
  if (origin.empty()) return {};
  const std::size_t scheme = origin.find("://");
  if (scheme != std::string_view::npos) origin.remove_prefix(scheme + 3);
  if (origin != host) return fail(Errc::permission_denied, "pages of other origins may not change anything here");
  return {};
}

}  // namespace gantry::http
