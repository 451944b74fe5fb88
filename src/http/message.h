// An HTTP request as handlers see it and the response that they return, free of any HTTP library.
#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace gantry::http {

// Of a client under TLS. Names of a certificate that was not verified prove nothing.
struct PeerCertificate {
  std::string common_name;
  std::vector<std::string> organizations;
  std::string not_verified;  // why; empty: it was verified against the authorities of the server's context
};

struct Request {
  std::string method;                                     // upper case; HEAD comes to handlers as GET
  std::string path;                                       // percent-decoded, without the query
  std::map<std::string, std::string, std::less<>> query;  // percent-decoded; of a repeated name the last counts
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string remote;                   // "127.0.0.1:52311"
  std::optional<PeerCertificate> peer;  // the client's, if it showed one

  std::string_view header(std::string_view name) const;  // any case of the name; empty if missing
  std::string_view parameter(std::string_view name, std::string_view fallback = {}) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  // Beside those that the server sets itself. "Connection: close" ends the connection after the response.
  std::vector<std::pair<std::string, std::string>> headers;
};

Response json(const boost::json::value& value, int status = 200);
Response text(std::string body, int status = 200);
// {"error": message}
Response error(int status, std::string_view message);
// The one mapping of our error codes to HTTP status.
Response error(const Error& error);
int to_status(Errc code);

// "/a%20b?x=1&y=2" into path and query. Errors: invalid_argument (bad escape, control characters, no leading slash,
// a ".." segment).
struct Target {
  std::string path;
  std::map<std::string, std::string, std::less<>> query;
};
Result<Target> parse_target(std::string_view target);

}  // namespace gantry::http
