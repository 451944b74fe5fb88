// Our connection to one peer: opened when there is something to say, and again after a loss, at most every retry_after.
// What gathers while it is closed is dropped: Raft says it again, and better, once it is open.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "net/connector.h"
#include "raft/transport.h"

namespace gantry::raft {

class Link : public std::enable_shared_from_this<Link> {
 public:
  using Tcp = boost::asio::ip::tcp;

  Link(Transport& owner, std::uint64_t peer, net::Endpoint endpoint);

  const net::Endpoint& endpoint() const { return endpoint_; }
  bool is_open() const { return state_ == State::open; }
  void send(std::string_view message);
  void send_large(std::string message);  // in pieces; its fate is told to the owner
  bool has_large() const { return large_.has_value(); }
  void flush();                       // what was gathered, now
  void heard() { refused_ = false; }  // the peer has said anew which version it reads
  void close();                       // for good

 private:
  enum class State { idle, connecting, open, waiting, closed };
  using Tls = boost::asio::ssl::stream<Tcp::socket&>;

  std::uint32_t version() const;  // of the next connection
  void connect();
  void connected(Tcp::socket socket);
  void handshake();
  void greet();
  void watch();
  void write_soon();
  void write();
  void written();
  void end_large(bool delivered);
  void lost(const std::string& why);
  template <class Done>
  void write_all(const std::string& bytes, Done done);
  // What an operation calls when it has ended: nothing, when the connection that it was begun on is no longer ours.
  template <class Done>
  auto of_this_connection(State in, Done done);

  Transport* owner_;  // null once closed
  std::uint64_t peer_;
  net::Endpoint endpoint_;
  State state_ = State::idle;
  std::uint64_t connection_ = 0;  // counts them
  bool said_lost_ = false;        // one line in the log an outage
  // The last connection was closed at once. Maybe the peer was started in an older version than it last said.
  bool refused_ = false;
  std::chrono::steady_clock::time_point greeted_at_;
  std::shared_ptr<net::Connector> connector_;
  Tcp::socket socket_;
  std::shared_ptr<Tls> tls_;  // shared with the operations on it, which end later than it is dropped
  boost::asio::steady_timer retry_;
  std::string unsent_;
  std::string writing_;
  struct Large {
    std::string message;
    std::size_t written = 0;  // of it, with what is being written
  };
  std::optional<Large> large_;
  bool busy_ = false;    // a write is under way
  bool posted_ = false;  // write() comes at the end of the turn
  char watched_ = 0;     // the peer sends nothing on this connection: what comes is its end
};

}  // namespace gantry::raft
