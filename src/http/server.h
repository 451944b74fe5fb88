// A small HTTP/1.1 server: routes, static assets from the binary, JSON, Server-Sent Events. One server lives on one
// io_context that is run by one thread; handlers and every public call run there. Errors are {"error": "..."}.
// Under TLS a client may show a certificate, which handlers find in Request::peer.
// Bound to loopback, without TLS, it answers only requests that name a loopback host, so that no web page elsewhere can read it by
// giving its own name our address (DNS rebinding; a certificate does not name such a page), and refuses changes that pages of other origins ask for.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "http/router.h"
#include "net/watched_tls.h"

namespace gantry::http {

struct ServerLimits {
  std::size_t connections_max = 256;  // further ones are closed at once; event streams count
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 1024 * 1024;
  std::chrono::milliseconds request_timeout{10'000};  // from its first byte to its last, and to write the response
  std::chrono::milliseconds idle_timeout{60'000};     // between requests
  std::size_t unsent_event_bytes_max = 1024 * 1024;   // of one event stream; then it is dropped
  std::chrono::milliseconds ping_interval{15'000};    // of event streams
};

struct ServerConfig {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;                  // 0: any free one, see Server::port()
  std::shared_ptr<net::WatchedTls> tls{};  // https; its files are read again when they change; empty: plain http
  ServerLimits limits{};
  std::string content_security_policy =
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; "
      "form-action 'self'; frame-ancestors 'none'";
};

class Server {
 public:
  Server(boost::asio::io_context& io, ServerConfig config);
  ~Server();

  // path: exact, or a prefix when it ends in '*'; GET serves HEAD too. Register before start().
  void get(std::string path, Handler handler) { route("GET", std::move(path), std::move(handler)); }
  void route(std::string method, std::string path, Handler handler);
  void route_async(std::string method, std::string path, AsyncHandler handler);
  void events(std::string path, StreamHandler handler);
  void assets(std::span<const Asset> assets);

  Result<void> start();  // binds and accepts; a port in use is named in the error
  std::uint16_t port() const;
  std::string url() const;  // "http://127.0.0.1:8080/"
  std::size_t connections() const;
  void stop();  // closes everything; idempotent

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace gantry::http
