// Listens on an address and hands over each connection. Runs on one io_context that is run by one thread; every call
// is made there. When the process has no file descriptors left it pauses instead of spinning.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "net/log_limit.h"

namespace gantry::net {

class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  // The socket is non-blocking, with the options of net/socket_options.h. `remote` is unmapped.
  using Accepted = std::function<void(boost::asio::ip::tcp::socket socket, boost::asio::ip::tcp::endpoint remote)>;

  // host: a name (resolved here, blocking; IPv4 is preferred) or address; port 0: any free one. Errors:
  // already_exists (the port is in use), permission_denied, invalid_argument (no such address on this machine).
  static Result<std::shared_ptr<Acceptor>> listen(boost::asio::io_context& io, const std::string& host,
                                                  std::uint16_t port);

  const boost::asio::ip::tcp::endpoint& local_endpoint() const { return local_; }
  void start(Accepted accepted);
  void stop();  // idempotent; `accepted` is not called after it

  explicit Acceptor(boost::asio::io_context& io) : acceptor_(io), pause_(io) {}  // use listen()

 private:
  void accept();
  void accept_later();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  boost::asio::ip::tcp::endpoint local_;
  Accepted accepted_;
  LogLimit log_limit_;
};

}  // namespace gantry::net
