// Finds the handler of a request: exact paths first, then the longest prefix. Holds the static assets.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "http/event_stream.h"
#include "http/message.h"

namespace gantry::http {

// A handler returns its response at once, or as a coroutine. Both run on the server's io_context.
using Handler = std::function<Response(const Request&)>;
using AsyncHandler = std::function<boost::asio::awaitable<Response>(Request)>;
// Gets the stream to push to; it may keep it. An error refuses the stream.
using StreamHandler = std::function<Result<void>(const Request&, std::shared_ptr<EventStream>)>;

// A file inside the binary. `path` such as "/app.js"; "/index.html" also answers its folder "/".
struct Asset {
  std::string_view path;
  std::string_view content;  // must live as long as the server
};

class Router {
 public:
  using Route = std::variant<Handler, AsyncHandler, StreamHandler>;

  // A path that ends in '*' is a prefix: "/api/topics/*".
  void add(std::string method, std::string path, Route route);
  void add_asset(const Asset& asset);

  // nullptr: nothing serves that path, or not by that method; then *allowed lists the methods that would do.
  const Route* find(std::string_view method, std::string_view path, std::string* allowed) const;

 private:
  using Methods = std::map<std::string, Route, std::less<>>;
  const Methods* methods_of(std::string_view path) const;

  std::map<std::string, Methods, std::less<>> exact_;
  std::map<std::string, Methods, std::less<>> prefixes_;
};

}  // namespace gantry::http
