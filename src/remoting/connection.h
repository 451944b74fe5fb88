// One connection that speaks remoting, the same on both ends: requests come in and go out at any time, each response
// finds its request by opaque. It reads only as much as it may take on, writes what has gathered in one go a turn (or
// earlier, when that is much), and closes itself on garbage and on every limit. Lives on its hub's io_context.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "net/certificate_check.h"
#include "net/tls.h"
#include "remoting/hub.h"
#include "remoting/opaque_table.h"
#include "remoting/read_buffer.h"
#include "remoting/server.h"
#include "remoting/write_queue.h"

namespace gantry::remoting {

class Connection final : public Peer, public std::enable_shared_from_this<Connection> {
 public:
  using Clock = Hub::Clock;
  using Tcp = boost::asio::ip::tcp;

  // Without a socket yet: what is sent meanwhile waits. Use Hub::add().
  Connection(std::shared_ptr<Hub> hub, std::uint64_t id, std::string address, Tcp::endpoint endpoint);

  // Takes a connected socket. Of `config`: tls, tls_required and other, which the first byte tells from plain remoting.
  void serve(Tcp::socket socket, const ServerConfig& config);
  void connected(Tcp::socket socket, std::shared_ptr<net::TlsContext> tls, const std::string& host);

  std::uint64_t id() const override { return id_; }
  const std::string& address() const override { return address_; }
  const Tcp::endpoint& endpoint() const override { return endpoint_; }
  bool is_open() const override { return state_ != State::closed; }
  bool certified() const override { return certified_; }
  void send_oneway(wire::Command request) override;
  void send_request(wire::Command request, std::chrono::milliseconds timeout, ResponseCallback done) override;
  void close() override;

  void answer(wire::Command response, std::size_t frame_bytes);  // frame_bytes: of the request
  void shut(const Error& why) { end({why, false}); }
  // Writes what the peer takes without a wait, then closes: the last answers are not thrown away with the connection.
  void finish(const Error& why);
  // Acts on what has expired; returns when to look again.
  Clock::time_point check(Clock::time_point now);

  bool has_pending() const { return !pending_.empty(); }
  Clock::time_point last_active() const { return active_; }

 private:
  using Tls = boost::asio::ssl::stream<Tcp::socket&>;
  enum class State { connecting, handshaking, open, closed };

  void adopt(Tcp::socket socket);
  void sniff(std::shared_ptr<const OtherProtocol> other);
  void handshake(boost::asio::ssl::stream_base::handshake_type side, const net::CertificateCheck& check);
  void open();

  // Reading. One of these is under way at any time, or the connection is paused.
  void read();
  void on_readable();
  void on_read(std::size_t bytes);
  bool cut();  // false: paused or closed
  void receive(wire::Command command, std::size_t frame_bytes);
  void answered(std::size_t frame_bytes);
  bool overloaded() const;
  void resume();

  // Writing.
  bool enqueue(wire::Command&& command);
  void flush_soon();
  void flush();
  // Until nothing is left, the peer takes no more (would_block), or it fails. Not while writing_.
  boost::system::error_code write_without_waiting();
  void flush_plain();
  void flush_tls();
  void written(std::size_t bytes);

  bool peer_is_silent(Clock::time_point now);
  void recharge();
  void end(const Closing& closing);
  void lose(const boost::system::error_code& error);  // reading or writing failed
  std::string lost() const;

  std::shared_ptr<Hub> hub_;  // null once closed
  std::uint64_t id_;
  std::string address_;
  Tcp::endpoint endpoint_;
  State state_ = State::connecting;

  Tcp::socket socket_;
  std::shared_ptr<net::TlsContext> tls_context_;
  std::unique_ptr<Tls> tls_;
  bool tls_required_ = false;
  bool certified_ = false;

  ReadBuffer received_;
  std::size_t whole_ = 0;  // size of the frame at the front of received_ when known
  std::size_t in_flight_ = 0;
  std::size_t in_flight_bytes_ = 0;
  bool cutting_ = false;
  bool paused_ = false;
  std::optional<Clock::time_point> frame_begun_;
  Clock::time_point active_;
  std::optional<Clock::time_point> heard_;  // of a client: when the server last sent anything, min() before that

  WriteQueue unsent_;
  bool flush_posted_ = false;
  bool writing_ = false;
  std::size_t gathered_ = 0;  // frames since a write began

  OpaqueTable pending_;
  std::size_t charged_ = 0;
};

}  // namespace gantry::remoting
