// A peer's connection to us: preamble, TLS when asked for, hello, then messages. What is not as it should be closes it.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "raft/frames.h"
#include "raft/transport.h"

namespace gantry::raft {

class Intake : public std::enable_shared_from_this<Intake> {
 public:
  using Tcp = boost::asio::ip::tcp;

  Intake(Transport& owner, std::uint64_t number, Tcp::socket socket, std::string remote);

  void start();
  void close();
  void refuse(const Error& why);                                      // close() with a line in the log
  const std::optional<std::uint64_t>& from() const { return from_; }  // empty: it has not said it yet

 private:
  using Tls = boost::asio::ssl::stream<Tcp::socket&>;

  void on_preamble();
  void read_hello();
  void on_hello_head();
  void on_hello();
  void read();
  void on_read(std::size_t bytes);
  Result<void> take_piece(Piece piece, std::string_view bytes);
  bool charge();  // what it holds to the account of all; false: too much, it is closed
  // Reads exactly `bytes` into received_, then calls `next`.
  void read_exactly(std::size_t bytes, void (Intake::*next)());

  Transport* owner_;  // null once closed
  std::uint64_t number_;
  Tcp::socket socket_;
  std::string remote_;
  std::unique_ptr<Tls> tls_;
  boost::asio::steady_timer hello_by_;
  std::optional<std::uint64_t> from_;
  std::string received_;  // as large as the longest message so far; its first filled_ bytes are read
  std::size_t filled_ = 0;
  std::string large_;  // of a message in pieces, those that have come
  std::size_t charged_ = 0;
};

}  // namespace gantry::raft
