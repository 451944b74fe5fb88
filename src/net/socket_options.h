// The options of every connected TCP socket of ours, on both ends.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>

namespace gantry::net {

// How long sent bytes may stay unacknowledged, or a closed window closed, before the kernel gives the connection up
// (TCP_USER_TIMEOUT, RFC 5482). Without it a peer whose packets are swallowed holds a socket for up to 15 minutes.
inline constexpr std::chrono::milliseconds kUserTimeout{15'000};

// TCP_NODELAY, keepalive, TCP_USER_TIMEOUT, non-blocking. A socket that is already broken says so at its first use.
void set_options(boost::asio::ip::tcp::socket& socket);

}  // namespace gantry::net
