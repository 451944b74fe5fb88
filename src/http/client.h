// A minimal HTTP client: one GET, one connection, within one timeout. For readings (metrics of brokers), checks and
// tests; plain http only, redirects are not followed.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <string>

#include "base/error.h"

namespace gantry::http {

struct GetOptions {
  std::chrono::milliseconds timeout{5'000};
  std::size_t body_bytes_max = 16 * 1024 * 1024;
  std::map<std::string, std::string> headers;
};

struct GetResult {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// url: "http://host[:port][/path]". Runs on the io_context of the calling coroutine. Errors: invalid_argument (URL),
// unavailable, timeout, corrupt (no HTTP), resource_exhausted (the body is too large). Any status is a value.
boost::asio::awaitable<Result<GetResult>> get(std::string url, GetOptions options = {});

}  // namespace gantry::http
