#include "net/socket_options.h"

#include <netinet/tcp.h>

namespace gantry::net {

using boost::asio::ip::tcp;

void set_options(tcp::socket& socket) {
  using UserTimeout = boost::asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  socket.set_option(UserTimeout(static_cast<int>(kUserTimeout.count())), ignored);
  socket.non_blocking(true, ignored);
}

}  // namespace gantry::net
