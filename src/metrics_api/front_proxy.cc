#include "metrics_api/front_proxy.h"

#include <boost/json/parse.hpp>

namespace gantry::metrics_api {

namespace json = boost::json;

namespace {

constexpr std::string_view kClientCa = "requestheader-client-ca-file";
constexpr std::string_view kAllowedNames = "requestheader-allowed-names";
constexpr std::string_view kUsernameHeaders = "requestheader-username-headers";

// A JSON list of strings; empty when the key is missing.
Result<std::vector<std::string>> strings_of(const std::map<std::string, std::string>& data, std::string_view key) {
  std::vector<std::string> strings;
  const auto entry = data.find(std::string(key));
  if (entry == data.end() || entry->second.empty()) return strings;
  boost::system::error_code error;
  const json::value list = json::parse(entry->second, error);
  const auto bad = [&] {
    return fail(Errc::corrupt, "{}: expected a JSON list of strings, got {}", key, entry->second);
  };
  if (error || !list.is_array()) return bad();
  for (const json::value& item : list.get_array()) {
    if (!item.is_string()) return bad();
    strings.emplace_back(item.get_string());
  }
  return strings;
}

}  // namespace

Result<std::string> FrontProxy::admit(const http::Request& request) const {
  if (!request.peer) {
    return fail(Errc::unauthenticated,
                "expected the client certificate of the API server's aggregation layer, got none: ask through it, as "
                "kubectl get --raw does");
  }
  if (!request.peer->not_verified.empty()) {
    return fail(Errc::unauthenticated,
                "the client certificate of {} does not verify against the front proxy's "
                "authority: {}",
                request.peer->common_name, request.peer->not_verified);
  }
  if (!allowed_names.empty() && !allowed_names.contains(request.peer->common_name)) {
    return fail(Errc::permission_denied,
                "the client certificate of {} is not one of the names that may speak for users",
                request.peer->common_name);
  }
  for (const std::string& header : username_headers) {
    const std::string_view user = request.header(header);
    if (!user.empty()) return std::string(user);
  }
  return fail(Errc::unauthenticated, "expected the name of a user in a header, got none");
}

Result<FrontProxy> front_proxy_of(const std::map<std::string, std::string>& data) {
  FrontProxy proxy;
  const auto ca = data.find(std::string(kClientCa));
  if (ca == data.end() || ca->second.empty()) {
    return fail(Errc::not_found, "{} is missing: the API server's aggregation layer is not configured", kClientCa);
  }
  proxy.client_ca = ca->second;
  auto names = strings_of(data, kAllowedNames);
  if (!names) return std::unexpected(names.error());
  proxy.allowed_names.insert(names->begin(), names->end());
  auto headers = strings_of(data, kUsernameHeaders);
  if (!headers) return std::unexpected(headers.error());
  if (!headers->empty()) proxy.username_headers = std::move(*headers);
  return proxy;
}

}  // namespace gantry::metrics_api
