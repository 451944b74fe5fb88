// A small HTTP client: one GET, one connection, within one timeout. For readings (metrics of brokers), checks, the API
// server of Kubernetes and tests; http and https, redirects are not followed.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "net/tls.h"

namespace gantry::http {

struct GetOptions {
  std::chrono::milliseconds timeout{5'000};
  std::size_t body_bytes_max = 16 * 1024 * 1024;
  std::map<std::string, std::string> headers{};
  std::shared_ptr<net::TlsContext> tls{};  // https: authorities and client certificate; empty: the system's, none
  std::string tls_server_name{};           // https: that the certificate must name; empty: the host of the URL
};

struct GetResult {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// url: "http://host[:port][/path]" or "https://...". Runs on the io_context of the calling coroutine. Errors:
// invalid_argument (URL), unavailable, timeout, corrupt (no HTTP), resource_exhausted (the body is too large). Any
// status is a value.
boost::asio::awaitable<Result<GetResult>> get(std::string url, GetOptions options);
// No default argument: it would be a temporary inside the caller's co_await expression, which g++ 12 destroys twice.
inline boost::asio::awaitable<Result<GetResult>> get(std::string url) {
  GetOptions options;
  return get(std::move(url), std::move(options));
}

struct LineOptions {
  GetOptions request{};                            // its timeout ends with the header of the answer
  std::chrono::milliseconds idle_timeout{60'000};  // between two pieces of the body
  std::size_t line_bytes_max = 4 * 1024 * 1024;
};

// A GET whose answer has no end in sight and comes line by line (a watch of Kubernetes).
class LineStream {
 public:
  LineStream();
  ~LineStream();
  LineStream(const LineStream&) = delete;
  LineStream& operator=(const LineStream&) = delete;

  // The answer's status. When it is not 200 the body is of no interest as lines: rest() reads it.
  boost::asio::awaitable<Result<int>> open(std::string url, LineOptions options);
  // The next line without its end; nullopt when the server has ended the answer. Errors: as get(); timeout when nothing
  // came for idle_timeout.
  boost::asio::awaitable<Result<std::optional<std::string>>> next();
  boost::asio::awaitable<std::string> rest();
  // Whatever waits ends with an error; may be called from anywhere on the io_context.
  void close();

 private:
  struct Parts;
  std::shared_ptr<Parts> parts_;
};

}  // namespace gantry::http
