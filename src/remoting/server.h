// A server that speaks remoting: it cuts frames, hands each request to the handler of its code, and writes the
// responses, in whatever order they come, each under its request's opaque. One server lives on one io_context that is
// run by one thread; handlers and every public call run there, so handlers need no locks.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "net/tls.h"
#include "wire/command.h"
#include "wire/frame.h"

namespace gantry::remoting {

using ResponseCallback = std::function<void(Result<wire::Command>)>;

// The far end of a server's connection. Handlers may keep the shared_ptr (heartbeats, long polls); after the
// connection closed, sends do nothing and requests fail with unavailable.
class Peer {
 public:
  virtual ~Peer() = default;
  virtual std::uint64_t id() const = 0;            // unique in the process, never reused
  virtual const std::string& address() const = 0;  // "127.0.0.1:52311", "[::1]:52311"
  virtual const boost::asio::ip::tcp::endpoint& endpoint() const = 0;
  virtual bool is_open() const = 0;
  virtual bool certified() const { return false; }      // it showed a TLS certificate, which was verified
  virtual void send_oneway(wire::Command request) = 0;  // server-initiated, e.g. consumer list changed
  virtual void send_request(wire::Command request, std::chrono::milliseconds timeout, ResponseCallback done) = 0;
  virtual void close() = 0;
};

// Hears with which code each request was answered, one-way ones too, before the answer leaves. Outlives the requests.
class ReplyObserver {
 public:
  virtual ~ReplyObserver() = default;
  // `kind` and `since_us` as they were given to Reply::observe.
  virtual void answered(std::uint32_t kind, std::int64_t since_us, std::int32_t code) = 0;
};

// The one answer to one request. Move-only; answering twice is ignored with a logged error; a Reply that is destroyed
// unanswered answers SYSTEM_ERROR, so that no client waits for nothing. For a one-way request it does nothing.
class Reply {
 public:
  using Send = std::function<void(wire::Command)>;

  Reply() = default;
  // `request`: only opaque, flag and serialization of it are kept.
  Reply(const wire::Command& request, Send send);
  Reply(Reply&& other) noexcept;
  Reply& operator=(Reply&& other) noexcept;
  ~Reply();

  // A response to the request with this code, to be filled and passed to send().
  wire::Command response(std::int32_t code, std::string_view remark = {}) const;
  void send(wire::Command response);
  void send(std::int32_t code, std::string_view remark = {}) { send(response(code, remark)); }
  void fail(const Error& error);  // by the one mapping of errors to response codes
  void observe(ReplyObserver& observer, std::uint32_t kind, std::int64_t since_us) {
    observer_ = &observer;
    kind_ = kind;
    since_us_ = since_us;
  }
  bool pending() const { return static_cast<bool>(send_); }

 private:
  std::int32_t opaque_ = 0;
  wire::Serialization serialization_ = wire::Serialization::json;
  Send send_;
  ReplyObserver* observer_ = nullptr;  // until it was told
  std::int64_t since_us_ = 0;
  std::uint32_t kind_ = 0;
  bool answered_ = false;
};

// The one mapping of our error codes to RocketMQ response codes.
std::int32_t to_response_code(Errc code);

struct Request {
  wire::Command command;
  std::shared_ptr<Peer> from;
  Reply reply;
};

using Handler = std::function<void(Request)>;

struct ServerLimits {
  wire::FrameLimits frame;
  std::size_t connections_max = 10'000;  // further ones are accepted and closed at once, and counted
  std::size_t in_flight_max = 2'048;     // requests of one connection without an answer; then it is not read
  std::size_t in_flight_bytes_max = 64 * 1024 * 1024;  // size of those requests; then it is not read
  std::size_t unsent_bytes_max =
      64 * 1024 * 1024;  // answers of one connection not taken by the peer; then it is closed
                         // (from an eighth of it on, the connection is not read)
  std::size_t memory_bytes_max = std::size_t{1} << 30;  // of all connections: received parts of frames, requests in
                                                        // flight and unsent answers; who asks for more is closed
  std::chrono::milliseconds idle_timeout{120'000};      // no frame for that long: closed (Java: 120 s)
  std::chrono::milliseconds frame_timeout{30'000};      // a frame begun must be whole within that time
};

// Another protocol on the same port, told apart by the first byte that a client sends: one that begins no remoting frame
// (its length is below 2^24 by far) and no TLS record. `take` gets the connection with that byte still unread.
struct OtherProtocol {
  char first_byte = 0;
  std::function<void(boost::asio::ip::tcp::socket socket, const boost::asio::ip::tcp::endpoint& remote)> take;
};

struct ServerConfig {
  std::string host = "127.0.0.1";  // name or address to listen on
  std::uint16_t port = 0;          // 0: any free one, see Server::port()
  ServerLimits limits;
  std::shared_ptr<net::TlsContext> tls;  // when set, TLS and plain connections are told apart by their first byte
  bool tls_required = false;             // plain connections are closed; those of `other` are its own matter
  std::shared_ptr<const OtherProtocol> other;
};

struct ServerStats {
  std::size_t connections = 0;  // open now
  std::uint64_t accepted = 0;   // since the start
  std::uint64_t refused = 0;    // of those, closed at once because of connections_max
};

// How a connection ended.
struct Closing {
  Error why;
  bool by_peer = false;  // it hung up or reset the connection; else we closed it, or the network lost it
};

class Server {
 public:
  Server(boost::asio::io_context& io, ServerConfig config);
  ~Server();

  void handle(std::int32_t request_code, Handler handler);
  void handle_others(Handler handler);  // default: REQUEST_CODE_NOT_SUPPORTED with a remark
  // Runs before every handler; returns an error to refuse the request (ACL, shutdown), by Reply::fail.
  void authorize(std::function<Result<void>(const wire::Command&, const Peer&)> check);
  // Called once a connection, later than whatever closed it; not any more after stop().
  void on_closed(std::function<void(const std::shared_ptr<Peer>&, const Closing&)> callback);

  Result<void> start();  // binds and accepts; a port in use is named in the error
  // In place of that of the configuration, for connections that come from now on. Both are set, or none.
  void use_tls(std::shared_ptr<net::TlsContext> tls);
  std::uint16_t port() const;
  // Stops accepting, closes every connection; requests of ours without an answer fail with cancelled (their callbacks
  // are posted, not called from here). Idempotent; the destructor does it too.
  void stop();
  ServerStats stats() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace gantry::remoting
