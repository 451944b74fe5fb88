// A gRPC server on our own loop: HTTP/2 by nghttp2, messages as bytes (who serves them parses them). Every call, public or
// to a handler, is made on the one thread that runs the io_context. Why not gRPC's C++ library: docs/adr/0004.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "net/watched_tls.h"
#include "rpc/budget.h"
#include "rpc/call.h"

namespace gantry::rpc {

struct ServerLimits {
  std::size_t connections_max = 1'024;  // further ones are closed at once
  // Streams included; further ones end with RESOURCE_EXHAUSTED. KEDA keeps one connection for all ScaledObjects of an
  // address, with two streams for each external-push trigger. A caller is told what is the most of one connection.
  BudgetLimits calls{50'000, 20'000, 32};
  std::size_t message_bytes_max = 256 * 1024;
  // Of requests that are not whole yet; a call whose bytes find no room ends with RESOURCE_EXHAUSTED.
  BudgetLimits unfinished_bytes{16 << 20, 4 << 20, 8 << 10};
  // Of answers that the caller does not take; a call whose answer finds no room is reset.
  BudgetLimits unsent_bytes{16 << 20, 4 << 20, 8 << 10};
  std::size_t header_bytes_max = 16 * 1024;             // of one call
  std::chrono::milliseconds handshake_timeout{10'000};  // TLS and the first frame
  // From the beginning of a call, or of a further message, until the message is there: else DEADLINE_EXCEEDED. From the
  // end of a call until its caller has taken the answer: else it is reset. Looked at once a second.
  std::chrono::milliseconds caller_timeout{10'000};
  std::chrono::milliseconds ping_after{30'000};    // nothing heard of a caller for so long: it is asked
  std::chrono::milliseconds ping_timeout{10'000};  // and then closed
};

struct ServerConfig {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;                // 0: any
  std::shared_ptr<net::WatchedTls> tls;  // empty: plain HTTP/2
  ServerLimits limits;
};

// One message in, one out. An error becomes its status.
using Unary = std::function<boost::asio::awaitable<Result<std::string>>(std::string request)>;
// One message in, any number out: the handler keeps the call.
using ServerStream = std::function<void(std::shared_ptr<Call> call, std::string request)>;
// Messages both ways: the handler sets the call's callbacks.
using BothWays = std::function<void(std::shared_ptr<Call> call)>;

class Server {
 public:
  Server(boost::asio::io_context& io, ServerConfig config);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // method: "/package.Service/Method". Register before start().
  void unary(std::string method, Unary handler);
  void server_stream(std::string method, ServerStream handler);
  void both_ways(std::string method, BothWays handler);

  Result<void> start();  // binds and accepts; a port in use is named in the error
  std::uint16_t port() const;
  std::size_t connections() const;
  std::size_t calls() const;

  // Callers are told to go elsewhere (GOAWAY), streams end with OK, unary calls that are under way are answered; then
  // connections are closed and `done` runs, at the latest after `bound`.
  void drain(std::chrono::milliseconds bound, std::function<void()> done);
  void stop();  // closes everything at once; idempotent

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace gantry::rpc
