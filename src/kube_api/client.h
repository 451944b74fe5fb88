// A client of the Kubernetes API server: objects and lists as JSON, and watches as lines. Lives on one io_context that is
// run by one thread. Errors of the API server are its own words: not_found, permission_denied, unauthenticated,
// resource_exhausted (429), cancelled (410 Gone: what was asked from is too old), unavailable for the rest.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/client.h"
#include "kube_api/access.h"

namespace gantry::kube_api {

struct ListOptions {
  std::string label_selector, field_selector;
  std::size_t page_items = 500;     // the server is asked for no more at once, so that neither side holds all of it
  std::size_t items_max = 200'000;  // then resource_exhausted
  std::chrono::milliseconds timeout{15'000};  // of one page
};

class Client {
 public:
  Client(boost::asio::io_context& io, Access access) : io_(io), access_(std::move(access)) {}

  // path: "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects/orders".
  boost::asio::awaitable<Result<boost::json::object>> get(std::string path);

  // Calls `item` for every item of the list, page by page, and returns the list's resourceVersion, to watch from. A list
  // that grew too old between two pages is begun again, once: `begin` is called before each beginning.
  boost::asio::awaitable<Result<std::string>> list(std::string path, ListOptions options, std::function<void()> begin,
                                                   std::function<void(boost::json::object&)> item);
  // All items of a list that is known to be small.
  boost::asio::awaitable<Result<boost::json::array>> list(std::string path, ListOptions options = {});

  // Opens a watch; its lines are events.
  boost::asio::awaitable<Result<void>> watch(http::LineStream& stream, std::string path, ListOptions options,
                                             std::string resource_version);

  boost::asio::io_context& io() { return io_; }
  const Access& access() const { return access_; }

 private:
  Result<http::GetOptions> request();

  boost::asio::io_context& io_;
  Access access_;
  std::shared_ptr<net::TlsContext> tls_;
  std::chrono::steady_clock::time_point tls_at_{};
};

// JSON as the API server writes it. Errors: corrupt.
Result<boost::json::object> parse_object(std::string_view text);
// The error that a Status object, or another answer with that HTTP status, stands for.
Error error_of(int status, std::string_view body);

// Members of objects without exceptions; empty, or null, when there is none of that type.
std::string_view text_of(const boost::json::object& object, std::string_view key);
const boost::json::object* object_of(const boost::json::object& object, std::string_view key);

// For a query: RFC 3986, everything escaped that is not unreserved.
std::string escaped(std::string_view text);

}  // namespace gantry::kube_api
