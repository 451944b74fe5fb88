// One connection of the server or the client, plain or under TLS: a stream in the sense of Asio and Beast, so that what
// reads and writes HTTP is written once. Deadlines are those of the TCP stream below, `tcp()`.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http/message.h"
#include "net/tls.h"

namespace gantry::http {

class Stream {
 public:
  using Tcp = boost::beast::tcp_stream;
  using executor_type = Tcp::executor_type;

  // `tls`: the context for TLS, or empty for plain TCP.
  explicit Stream(boost::asio::ip::tcp::socket socket, std::shared_ptr<net::TlsContext> tls = {});
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Tcp& tcp() { return tcp_; }
  executor_type get_executor() { return tcp_.get_executor(); }
  bool is_secure() const { return tls_.has_value(); }

  // Of the server: a client certificate that does not verify does not end the handshake; see peer(). Nothing to do
  // for plain TCP. The caller sets the deadline.
  boost::asio::awaitable<boost::system::error_code> accept_handshake();
  // Of the client, which checks the server's certificate against `host` when its context verifies at all.
  boost::asio::awaitable<boost::system::error_code> connect_handshake(std::string host);
  // The client's certificate after accept_handshake(); nullopt when none was shown, or under plain TCP.
  std::optional<PeerCertificate> peer();
  // Says goodbye under TLS, so that the peer can tell the end from a cut; then closes. The caller sets the deadline.
  boost::asio::awaitable<void> shutdown();
  void close() { tcp_.close(); }

  // As Asio has them, but for the first buffer of a sequence, and with the handler's type erased: each of Beast's many
  // operations would else be compiled anew for TLS and for plain TCP, which took the compiler minutes and gigabytes.
  // Handlers are called on the stream's executor; cancellation slots are not connected, deadlines end an operation.
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, boost::asio::mutable_buffer to) { read_some(to, Done(std::move(handler))); }, token,
        first_of<boost::asio::mutable_buffer>(buffers));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, boost::asio::const_buffer from) { write_some(from, Done(std::move(handler))); }, token,
        first_of<boost::asio::const_buffer>(buffers));
  }

 private:
  using Done = std::move_only_function<void(boost::system::error_code, std::size_t)>;

  void read_some(boost::asio::mutable_buffer to, Done done);
  void write_some(boost::asio::const_buffer from, Done done);

  template <class Buffer, class Buffers>
  static Buffer first_of(const Buffers& buffers) {
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end; ++at) {
      if (Buffer buffer(*at); buffer.size() > 0) return buffer;
    }
    return {};
  }

  Tcp tcp_;
  std::shared_ptr<net::TlsContext> context_;
  std::optional<boost::asio::ssl::stream<Tcp&>> tls_;
  std::string refused_;  // why the client's certificate did not verify
};

}  // namespace gantry::http
