// One HTTP/2 connection of a gRPC server: frames by nghttp2, calls by stream. Lives on its server's thread.
#pragma once

#include <nghttp2/nghttp2.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <string>

#include "http/stream.h"
#include "rpc/call.h"
#include "rpc/server.h"

namespace gantry::rpc {

// What a connection asks of its server.
class CallTable {
 public:
  virtual ~CallTable() = default;
  // Whether one call more may begin. Each that may is given back by ended().
  virtual bool admit() = 0;
  virtual void ended() = 0;
  // Sets the callbacks of a call of that method, and whether it is a stream; false: there is no such method.
  virtual bool open(const std::string& method, const std::shared_ptr<Call>& call, bool& long_lived) = 0;
  virtual void closed(Connection* connection) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::io_context& io, boost::asio::ip::tcp::socket socket, std::string remote,
             std::shared_ptr<net::TlsContext> tls, std::shared_ptr<CallTable> table, ServerLimits limits);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  // No new calls; streams end with OK. The connection closes when its last call has ended.
  void drain();
  void close();

 private:
  friend class Call;
  struct Callbacks;

  struct Stream {
    std::shared_ptr<Call> call;
    std::string method, http_method, content_type;
    std::size_t header_bytes = 0;
    bool admitted = false;
    bool ended = false;  // by the caller
  };

  static boost::asio::awaitable<void> run(std::shared_ptr<Connection> self);
  void limit_handshake();
  bool open_session();
  bool take(const std::uint8_t* bytes, std::size_t size);
  void begin_call(std::int32_t id, Stream& stream);
  void read_messages(Stream& stream);
  void refuse(std::int32_t id, const char* http_status, Status status);
  void submit_headers(Call& call);
  void submit(Call& call);  // it has something to send, or has finished
  void stream_closed(std::int32_t id);
  ssize_t read_call(std::int32_t id, std::uint8_t* to, std::size_t size, std::uint32_t* flags);
  void flush_soon();
  void flush();
  void watch_caller();

  boost::asio::io_context& io_;
  http::Stream stream_;
  std::string remote_;
  std::shared_ptr<CallTable> table_;
  ServerLimits limits_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Stream> streams_;
  std::string writing_;  // handed to the socket
  boost::asio::steady_timer ping_timer_;
  bool write_under_way_ = false;
  bool flush_posted_ = false;
  bool heard_ = false;  // since the timer was armed
  bool pinged_ = false;
  bool draining_ = false;
  bool closed_ = false;
};

}  // namespace gantry::rpc
