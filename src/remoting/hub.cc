#include "remoting/hub.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>

#include "remoting/connection.h"
#include "wire/codes.h"

namespace gantry::remoting {

namespace {

// How exact deadlines are. It grows with the connections, so that looking at all of them stays under 1 % of a core.
constexpr auto kCoarseness = std::chrono::milliseconds(10);
constexpr auto kCoarsenessPerConnection = std::chrono::microseconds(10);

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

Hub::Hub(boost::asio::io_context& io, const ServerLimits& limits, std::size_t pending_max)
    : io_(io), limits_(limits), pending_max_(pending_max), timer_(io) {}

Hub::~Hub() = default;

std::shared_ptr<Connection> Hub::add(std::string address, boost::asio::ip::tcp::endpoint endpoint) {
  auto connection =
      std::make_shared<Connection>(shared_from_this(), next_id(), std::move(address), std::move(endpoint));
  connections_.emplace(connection->id(), connection);
  return connection;
}

void Hub::dispatch(const std::shared_ptr<Connection>& from, wire::Command command, std::size_t frame_bytes) {
  Reply reply(command, [from, frame_bytes](wire::Command response) { from->answer(std::move(response), frame_bytes); });
  if (authorize_) {
    if (auto allowed = authorize_(command, *from); !allowed) return reply.fail(allowed.error());
  }
  const std::int32_t code = command.code;
  const auto found = handlers_.find(code);
  const Handler& handler = found != handlers_.end() ? found->second : others_;
  if (!handler) {
    return reply.send(wire::response_code::kRequestCodeNotSupported,
                      fmt::format("request code {} is not supported", code));
  }
  try {
    handler(Request{std::move(command), from, std::move(reply)});
  } catch (const std::exception& error) {
    // the reply went down with the handler and has answered SYSTEM_ERROR
    if (log_limit_.admit()) spdlog::error("the handler of request code {} threw: {}", code, error.what());
  }
}

void Hub::closed(Connection& connection, const Closing& closing) {
  const auto found = connections_.find(connection.id());
  if (found == connections_.end()) return;
  auto keep = std::move(found->second);
  connections_.erase(found);
  log_closed(connection, closing.why);
  if (stopped_ || !on_closed_) return;
  boost::asio::post(io_, [hub = shared_from_this(), peer = std::shared_ptr<Peer>(std::move(keep)), closing] {
    if (!hub->stopped_) hub->on_closed_(peer, closing);
  });
}

void Hub::log_closed(const Connection& connection, const Error& why) {
  if (why.code == Errc::cancelled || why.code == Errc::unavailable) {
    spdlog::debug("{}: {}", connection.address(), why.message);
  } else if (auto left_out = log_limit_.admit()) {
    spdlog::warn("closed the connection with {}: {}{}", connection.address(), why.message,
                 *left_out == 0 ? "" : fmt::format(" ({} such lines left out)", *left_out));
  }
}

void Hub::close_all(const Error& why) {
  stopped_ = true;
  timer_.cancel();
  armed_ = Clock::time_point::min();  // nothing arms the timer any more
  while (!connections_.empty()) {
    auto connection = connections_.begin()->second;
    connection->finish(why);
  }
}

bool Hub::charge(std::size_t before, std::size_t now) {
  memory_bytes_ = memory_bytes_ - before + now;
  return now <= before || memory_bytes_ <= limits_.memory_bytes_max;
}

void Hub::wake_by(Clock::time_point time) {
  if (time >= armed_) return;
  armed_ = time;
  const Clock::duration gap = kCoarseness + kCoarsenessPerConnection * static_cast<int>(connections_.size());
  const Clock::time_point soonest = checked_ == Clock::time_point::min() ? checked_ : checked_ + gap;
  timer_.expires_at(std::max(time, soonest));
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    auto hub = weak.lock();
    if (!error && hub) hub->check_all();
  });
}

void Hub::check_all() {
  checked_ = Clock::now();
  armed_ = Clock::time_point::max();
  auto next = Clock::time_point::max();
  for (auto each = connections_.begin(); each != connections_.end();) {
    auto connection = (each++)->second;  // it may close, which takes it out of the map
    next = std::min(next, connection->check(checked_));
  }
  wake_by(next);
}

}  // namespace gantry::remoting
