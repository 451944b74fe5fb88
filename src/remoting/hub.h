// What the connections of one server or one client have in common: the table of handlers, the limits, shared memory
// and its bound, and the one timer that serves all of them. Nothing ticks while nothing can expire.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/log_limit.h"
#include "remoting/read_buffer.h"
#include "remoting/server.h"

namespace gantry::remoting {

class Connection;

class Hub : public std::enable_shared_from_this<Hub> {
 public:
  using Clock = std::chrono::steady_clock;

  // pending_max: requests of ours on one connection that wait for their response.
  Hub(boost::asio::io_context& io, const ServerLimits& limits, std::size_t pending_max);
  virtual ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  boost::asio::io_context& io() { return io_; }
  const ServerLimits& limits() const { return limits_; }
  std::size_t pending_max() const { return pending_max_; }
  BufferPool& buffers() { return buffers_; }
  std::string& spare_piece() { return spare_piece_; }

  void handle(std::int32_t request_code, Handler handler) { handlers_[request_code] = std::move(handler); }
  void handle_others(Handler handler) { others_ = std::move(handler); }
  void authorize(std::function<Result<void>(const wire::Command&, const Peer&)> check) {
    authorize_ = std::move(check);
  }
  void on_closed(std::function<void(const std::shared_ptr<Peer>&, const Closing&)> callback) {
    on_closed_ = std::move(callback);
  }

  std::size_t connections() const { return connections_.size(); }
  std::shared_ptr<Connection> add(std::string address, boost::asio::ip::tcp::endpoint endpoint);

  // By the connections:
  void dispatch(const std::shared_ptr<Connection>& from, wire::Command request, std::size_t frame_bytes);
  virtual void closed(Connection& connection, const Closing& closing);
  void wake_by(Clock::time_point time);              // check() is called not later than then, save for coarseness
  bool charge(std::size_t before, std::size_t now);  // memory held by a connection; false: too much in all

 protected:
  void close_all(const Error& why);
  void log_closed(const Connection& connection, const Error& why);
  const std::map<std::uint64_t, std::shared_ptr<Connection>>& all() const { return connections_; }

 private:
  void check_all();

  boost::asio::io_context& io_;
  ServerLimits limits_;
  std::size_t pending_max_;
  BufferPool buffers_;
  std::string spare_piece_;
  std::size_t memory_bytes_ = 0;

  std::unordered_map<std::int32_t, Handler> handlers_;
  Handler others_;
  std::function<Result<void>(const wire::Command&, const Peer&)> authorize_;
  std::function<void(const std::shared_ptr<Peer>&, const Closing&)> on_closed_;

  std::map<std::uint64_t, std::shared_ptr<Connection>> connections_;  // ordered: closing one keeps iterators valid
  boost::asio::steady_timer timer_;
  Clock::time_point armed_ = Clock::time_point::max();
  Clock::time_point checked_ = Clock::time_point::min();
  bool stopped_ = false;  // handlers are kept: one of them may be what stops us
  net::LogLimit log_limit_;
};

}  // namespace gantry::remoting
