// One HTTP/2 connection of a gRPC server: frames by nghttp2, calls by stream. Lives on its server's thread.
#pragma once

#include <nghttp2/nghttp2.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <string>

#include "http/stream.h"
#include "net/alarm.h"
#include "rpc/budget.h"
#include "rpc/call.h"
#include "rpc/server.h"

namespace gantry::rpc {

// What all connections of a server share.
struct Budgets {
  explicit Budgets(const ServerLimits& limits)
      : calls(limits.calls), unfinished_bytes(limits.unfinished_bytes), unsent_bytes(limits.unsent_bytes) {}

  Budget calls, unfinished_bytes, unsent_bytes;
};

// What a connection asks of its server.
class CallTable {
 public:
  virtual ~CallTable() = default;
  virtual Budgets& budgets() = 0;  // live as long as the table
  // Sets the callbacks of a call of that method, and whether it is a stream; false: there is no such method.
  virtual bool open(const std::string& method, const std::shared_ptr<Call>& call, bool& long_lived) = 0;
  virtual void closed(Connection* connection) = 0;
  // A caller could not be spoken to: for the log. Not told of those who only look whether the port is open.
  virtual void refused(const std::string& remote, const std::string& why) = 0;
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

  using Clock = std::chrono::steady_clock;

  struct Stream {
    std::shared_ptr<Call> call;
    std::string method, http_method, content_type;  // until the call begins
    std::size_t header_bytes = 0;
    std::size_t unfinished_bytes = 0;                  // taken of the budget
    Clock::time_point due = Clock::time_point::max();  // until then the caller has to go on: see caller_timeout
    bool admitted = false;
    bool ended = false;  // by the caller
  };

  static boost::asio::awaitable<void> run(std::shared_ptr<Connection> self);
  void limit_handshake();
  bool open_session();
  bool take(const std::uint8_t* bytes, std::size_t size);
  void begin_call(std::int32_t id, Stream& stream);
  void read_messages(Stream& stream);
  void message_bytes(Stream& stream, std::string_view bytes);
  void drop_unsent(Call& call);
  void give_up(Call& call);  // its caller does not take what it is sent
  void await_caller(Stream& stream);
  void look_for_overdue();
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
  Share calls_, unfinished_bytes_, unsent_bytes_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Stream> streams_;
  std::string writing_;  // handed to the socket
  boost::asio::steady_timer ping_timer_;
  boost::asio::steady_timer written_;  // cancelled whenever a write has ended
  net::Alarm overdue_;
  bool write_under_way_ = false;
  bool flush_posted_ = false;
  bool heard_ = false;  // since the timer was armed
  bool pinged_ = false;
  bool draining_ = false;
  bool closed_ = false;
};

}  // namespace gantry::rpc
