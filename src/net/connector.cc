#include "net/connector.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "net/socket_options.h"

namespace gantry::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {
constexpr std::size_t kAddressesMax = 16;
}  // namespace

Connector::Connector(asio::io_context& io, Endpoint to, Connected done)
    : resolver_(io), socket_(io), timer_(io), to_(std::move(to)), done_(std::move(done)) {}

std::shared_ptr<Connector> Connector::start(asio::io_context& io, Endpoint to, std::chrono::milliseconds timeout,
                                            Connected done) {
  auto self = std::make_shared<Connector>(io, std::move(to), std::move(done));
  self->timeout_ = timeout;
  self->deadline_ = std::chrono::steady_clock::now() + timeout;
  asio::post(io, [self] {
    if (self->done_) self->resolve();
  });
  return self;
}

void Connector::cancel() {
  done_ = nullptr;
  resolver_.cancel();
  error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
}

void Connector::resolve() {
  error_code error;
  const auto address = asio::ip::make_address(to_.host, error);
  if (!error) {
    addresses_.emplace_back(address, to_.port);
    return try_next();
  }
  arm();
  resolver_.async_resolve(to_.host, std::to_string(to_.port), tcp::resolver::numeric_service,
                          [self = shared_from_this()](error_code error, const tcp::resolver::results_type& found) {
                            if (!self->done_) return;
                            if (error) self->last_error_ = "the name cannot be resolved: " + error.message();
                            for (const auto& entry : found) {
                              if (self->addresses_.size() < kAddressesMax) self->addresses_.push_back(entry.endpoint());
                            }
                            self->try_next();
                          });
}

// Each address gets an equal share of what is left, so that one that swallows packets does not starve the others.
void Connector::arm() {
  const auto left = deadline_ - std::chrono::steady_clock::now();
  const std::size_t to_try = std::max<std::size_t>(1, addresses_.size() - next_ + 1);
  timer_.expires_after(addresses_.empty() ? left : left / static_cast<int>(to_try));
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error || !self->done_) return;
    self->last_error_ = fmt::format("no answer within {} ms", self->timeout_.count());
    if (self->addresses_.empty()) {
      self->resolver_.cancel();
      return self->try_next();
    }
    error_code ignored;
    self->socket_.close(ignored);  // the attempt ends with operation_aborted and goes on to the next address
  });
}

void Connector::try_next() {
  if (next_ == addresses_.size()) {
    return finish(fail(Errc::unavailable, "cannot connect to {}: {}", to_string(to_), last_error_));
  }
  const tcp::endpoint address = addresses_[next_++];
  arm();
  socket_.async_connect(address, [self = shared_from_this()](error_code error) {
    if (!self->done_) return;
    if (!error && self->socket_.is_open()) {
      set_options(self->socket_);
      return self->finish(std::move(self->socket_));
    }
    if (error != asio::error::operation_aborted) self->last_error_ = error.message();
    error_code ignored;
    self->socket_.close(ignored);
    self->try_next();
  });
}

void Connector::finish(Result<tcp::socket> result) {
  timer_.cancel();
  auto done = std::exchange(done_, nullptr);
  done(std::move(result));
}

}  // namespace gantry::net
