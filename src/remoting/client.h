// A client that speaks remoting to many servers: one connection an address, shared by all callers, many requests in
// flight, each answer found by its opaque. Connections are opened on first use and again after a failure. One client
// lives on one io_context that is run by one thread; every public call is made there.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "net/tls.h"
#include "remoting/server.h"
#include "wire/command.h"
#include "wire/frame.h"

namespace gantry::remoting {

struct ClientConfig {
  wire::FrameLimits frame;
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds idle_timeout{120'000};  // an unused connection is closed
  std::size_t in_flight_max = 65'536;               // of one connection; further calls fail with resource_exhausted
  std::size_t connections_max = 1'024;
  std::shared_ptr<net::TlsContext> tls;  // when set, every connection is TLS
  // Adds the ACL signature to a request just before it is encoded; see wire/signature.h.
  std::function<void(wire::Command&)> sign;
};

class Client {
 public:
  Client(boost::asio::io_context& io, ClientConfig config);
  ~Client();

  // address: "host:port" (names are resolved). Errors: unavailable (cannot connect, connection lost before the
  // answer), timeout, resource_exhausted (a limit above), invalid_argument (address, not to be encoded), cancelled
  // (stop(), or the coroutine was). A response of any response code is a value. `done` is called once, on the
  // io_context, never from within call(); the request is not sent again by us.
  boost::asio::awaitable<Result<wire::Command>> call(std::string address, wire::Command request,
                                                     std::chrono::milliseconds timeout);
  void call(std::string address, wire::Command request, std::chrono::milliseconds timeout, ResponseCallback done);
  // Done when it was handed to the kernel's socket or failed before that.
  void oneway(std::string address, wire::Command request);

  // In place of that of the configuration, for connections that are opened from now on. Both are set, or none.
  void use_tls(std::shared_ptr<net::TlsContext> tls);

  // Requests that servers initiate (notify consumer ids changed, reset offset, running info).
  void handle(std::int32_t request_code, Handler handler);

  // Every pending call fails with cancelled (posted, not called from here); idempotent.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace gantry::remoting
