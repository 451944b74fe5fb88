// Opens a TCP connection to a host by name or address: resolves it (not blocking), tries each address in turn, all
// within one timeout. Runs on one io_context that is run by one thread; every call is made there.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "base/error.h"
#include "net/endpoint.h"

namespace gantry::net {

class Connector : public std::enable_shared_from_this<Connector> {
 public:
  // The socket is non-blocking, with the options of net/socket_options.h. Errors: unavailable, with host and reason.
  using Connected = std::function<void(Result<boost::asio::ip::tcp::socket>)>;

  // `done` is called once, never from within start(), and not after cancel().
  static std::shared_ptr<Connector> start(boost::asio::io_context& io, Endpoint to, std::chrono::milliseconds timeout,
                                          Connected done);
  void cancel();

  Connector(boost::asio::io_context& io, Endpoint to, Connected done);  // use start()

 private:
  void resolve();
  void try_next();
  void arm();
  void finish(Result<boost::asio::ip::tcp::socket> result);

  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point deadline_;
  std::chrono::milliseconds timeout_{0};
  Endpoint to_;
  Connected done_;
  std::vector<boost::asio::ip::tcp::endpoint> addresses_;
  std::size_t next_ = 0;
  std::string last_error_ = "no answer";
};

}  // namespace gantry::net
