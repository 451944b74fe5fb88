#include "remoting/connection.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "net/endpoint.h"
#include "wire/codes.h"

namespace gantry::remoting {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr int kReadsPerTurn = 4;  // then the other connections have their turn
// What has gathered is written at the end of a turn, but no later than when it is this much: the peer then works on the
// first while we make the rest. Otherwise the two of them take turns, and one core is idle.
constexpr std::size_t kFramesPerWrite = 16;
constexpr std::size_t kBytesPerWrite = 64 * 1024;
constexpr char kTlsHandshake = 0x16;      // RFC 8446 5.1: ContentType of the first record; no frame is that long
constexpr std::size_t kBackpressure = 8;  // reading pauses when this part of unsent_bytes_max is unsent

void call_back(const ResponseCallback& done, Result<wire::Command> result) {
  try {
    done(std::move(result));
  } catch (const std::exception& error) {
    spdlog::error("the callback of a response threw: {}", error.what());
  }
}

// Later, so that nobody is called from within the call that he makes.
void call_back_soon(asio::io_context& io, std::vector<ResponseCallback> all, const Error& why) {
  if (all.empty()) return;
  asio::post(io, [all = std::move(all), why] {
    for (const ResponseCallback& done : all) call_back(done, std::unexpected(why));
  });
}

}  // namespace

Connection::Connection(std::shared_ptr<Hub> hub, std::uint64_t id, std::string address, Tcp::endpoint endpoint)
    : hub_(std::move(hub)),
      id_(id),
      address_(std::move(address)),
      endpoint_(std::move(endpoint)),
      socket_(hub_->io()),
      received_(hub_->buffers()),
      active_(Clock::now()),
      unsent_(hub_->spare_piece()) {}

// ---- opening

void Connection::adopt(Tcp::socket socket) {
  socket_ = std::move(socket);
  active_ = Clock::now();
  hub_->wake_by(active_ + hub_->limits().idle_timeout);
}

void Connection::serve(Tcp::socket socket, const ServerConfig& config) {
  adopt(std::move(socket));
  if (!config.tls && !config.other) return open();
  tls_context_ = config.tls;
  tls_required_ = config.tls_required;
  sniff(config.other);
}

void Connection::connected(Tcp::socket socket, std::shared_ptr<net::TlsContext> tls, const std::string& host) {
  if (state_ == State::closed) return;
  adopt(std::move(socket));
  heard_ = Clock::time_point::min();  // requests waited for this moment; that it came is not yet a word of the server
  error_code ignored;
  endpoint_ = socket_.remote_endpoint(ignored);
  if (!tls) return open();
  tls_context_ = std::move(tls);
  tls_ = std::make_unique<Tls>(socket_, tls_context_->native());
  asio::ip::make_address(host, ignored);
  if (ignored) SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());  // RFC 6066: names only, no addresses
  const net::CertificateCheck check(host);
  if (tls_context_->verifies_peer()) tls_->set_verify_callback(check);
  handshake(asio::ssl::stream_base::client, check);
}

void Connection::sniff(std::shared_ptr<const OtherProtocol> other) {
  state_ = State::handshaking;
  socket_.async_wait(Tcp::socket::wait_read, [self = shared_from_this(), other = std::move(other)](error_code error) {
    if (self->state_ == State::closed) return;
    char first = 0;
    if (!error) self->socket_.receive(asio::buffer(&first, 1), Tcp::socket::message_peek, error);
    if (error == asio::error::would_block) return self->sniff(other);
    if (error) return self->shut({Errc::unavailable, "closed before the first byte"});
    if (other && first == other->first_byte) {
      Tcp::socket socket = std::move(self->socket_);
      self->shut({Errc::cancelled, "it speaks another protocol"});
      return other->take(std::move(socket), self->endpoint_);
    }
    if (!self->tls_context_ || first != kTlsHandshake) {
      if (self->tls_required_)
        return self->shut({Errc::unauthenticated, "a plain connection, and this port wants TLS"});
      return self->open();
    }
    self->tls_ = std::make_unique<Tls>(self->socket_, self->tls_context_->native());
    self->handshake(asio::ssl::stream_base::server, {});
  });
}

void Connection::handshake(asio::ssl::stream_base::handshake_type side, const net::CertificateCheck& check) {
  state_ = State::handshaking;
  frame_begun_ = Clock::now();  // the handshake has the time of one frame
  hub_->wake_by(*frame_begun_ + hub_->limits().frame_timeout);
  tls_->async_handshake(side, [self = shared_from_this(), check](error_code error) {
    if (self->state_ == State::closed) return;
    if (error) return self->shut({Errc::unauthenticated, check.failure(error, self->tls_context_->advice())});
    self->frame_begun_.reset();
    // where a certificate is optional, "verified" is also said of none
    self->certified_ = SSL_get0_peer_certificate(self->tls_->native_handle()) != nullptr &&
                       SSL_get_verify_result(self->tls_->native_handle()) == X509_V_OK;
    self->open();
  });
}

void Connection::open() {
  state_ = State::open;
  read();
  flush_soon();
}

// ---- reading

void Connection::read() {
  auto self = shared_from_this();
  if (tls_) {
    auto room = received_.prepare(whole_);
    recharge();
    if (state_ == State::closed) return;
    tls_->async_read_some(asio::buffer(room.data(), room.size()), [self](error_code error, std::size_t bytes) {
      if (self->state_ == State::closed) return;
      if (error) return self->lose(error);
      self->on_read(bytes);
      if (self->state_ == State::open && !self->paused_) self->read();
    });
    return;
  }
  received_.trim();
  recharge();
  if (state_ == State::closed) return;
  socket_.async_wait(Tcp::socket::wait_read, [self](error_code error) {
    if (self->state_ == State::closed) return;
    if (error) return self->lose(error);
    self->on_readable();
  });
}

void Connection::on_readable() {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    auto room = received_.prepare(whole_);
    error_code error;
    const std::size_t bytes = socket_.read_some(asio::buffer(room.data(), room.size()), error);
    if (error == asio::error::would_block) break;
    if (error) return lose(error);
    on_read(bytes);
    if (state_ == State::closed || paused_) return;
    if (bytes < room.size()) break;  // that was all
  }
  read();
}

void Connection::on_read(std::size_t bytes) {
  received_.commit(bytes);
  active_ = Clock::now();
  if (heard_) heard_ = active_;
  cut();
}

bool Connection::cut() {
  const auto hub = hub_;
  const auto& limits = hub->limits();
  bool any = false;
  cutting_ = true;
  while (state_ == State::open) {
    if (overloaded()) {
      paused_ = true;
      break;
    }
    const std::string_view bytes = received_.view();
    const auto whole = wire::frame_size(bytes, limits.frame);
    if (!whole) {
      shut(in_context("unreadable frame", whole.error()));
      break;
    }
    whole_ = whole->value_or(0);
    if (whole_ == 0 || whole_ > bytes.size()) break;
    auto command = wire::decode_frame(bytes.substr(0, whole_), limits.frame);
    if (!command) {
      shut(in_context("unreadable frame", command.error()));
      break;
    }
    received_.consume(whole_);
    any = true;
    receive(std::move(*command), whole_);
  }
  cutting_ = false;
  if (state_ == State::closed) return false;

  if (paused_ || received_.view().empty()) {
    frame_begun_.reset();
  } else if (any || !frame_begun_) {
    frame_begun_ = active_;
    hub_->wake_by(active_ + limits.frame_timeout);
  }
  if (paused_) recharge();
  return !paused_;
}

void Connection::receive(wire::Command command, std::size_t frame_bytes) {
  if (command.is_response()) {
    // none waits: it was answered twice, or its request has timed out
    if (auto done = pending_.take(command.opaque)) call_back(*done, std::move(command));
    return;
  }
  if (!command.is_oneway()) {
    ++in_flight_;
    in_flight_bytes_ += frame_bytes;
  }
  const auto hub = hub_;  // the handler may close this connection, and even stop and destroy its server
  hub->dispatch(shared_from_this(), std::move(command), frame_bytes);
}

bool Connection::overloaded() const {
  const auto& limits = hub_->limits();
  return in_flight_ >= limits.in_flight_max || in_flight_bytes_ >= limits.in_flight_bytes_max ||
         unsent_.bytes() >= limits.unsent_bytes_max / kBackpressure;
}

void Connection::resume() {
  if (!paused_ || cutting_ || state_ != State::open || overloaded()) return;
  paused_ = false;
  asio::post(hub_->io(), [self = shared_from_this()] {
    if (self->state_ != State::open || self->paused_) return;
    self->active_ = Clock::now();
    if (self->cut()) self->read();
  });
}

// ---- answering and sending

void Connection::answer(wire::Command response, std::size_t frame_bytes) {
  --in_flight_;
  in_flight_bytes_ -= frame_bytes;
  if (state_ == State::closed) return;
  wire::Command substitute;
  substitute.opaque = response.opaque;
  substitute.serialization = response.serialization;
  substitute.flag = wire::Command::kResponseFlag;
  substitute.version = wire::kVersion;
  if (!enqueue(std::move(response)) && state_ == State::open) {
    substitute.code = wire::response_code::kSystemError;
    substitute.remark = "the response cannot be expressed on the wire";
    enqueue(std::move(substitute));
  }
  if (state_ != State::closed) resume();
}

void Connection::send_oneway(wire::Command request) {
  if (state_ == State::closed) return;
  request.flag |= wire::Command::kOnewayFlag;
  request.opaque = pending_.next();
  enqueue(std::move(request));
}

void Connection::send_request(wire::Command request, std::chrono::milliseconds timeout, ResponseCallback done) {
  auto& io = static_cast<asio::io_context&>(socket_.get_executor().context());
  auto refuse = [&](Error why) {
    std::vector<ResponseCallback> all;
    all.push_back(std::move(done));
    call_back_soon(io, std::move(all), why);
  };
  if (state_ == State::closed) return refuse({Errc::unavailable, lost()});
  if (pending_.size() >= hub_->pending_max()) {
    return refuse({Errc::resource_exhausted,
                   fmt::format("{} requests to {} wait for their answer already", pending_.size(), address_)});
  }
  const auto now = Clock::now();
  const auto deadline = now + timeout;
  const std::int32_t opaque = pending_.add(deadline, std::move(done), now);
  hub_->wake_by(deadline);
  request.flag &= ~(wire::Command::kOnewayFlag | wire::Command::kResponseFlag);
  request.opaque = opaque;
  const std::int32_t code = request.code;
  if (!enqueue(std::move(request))) {
    done = *pending_.take(opaque);
    refuse({Errc::invalid_argument, fmt::format("request {} to {} cannot be expressed on the wire", code, address_)});
  }
}

bool Connection::enqueue(wire::Command&& command) {
  auto pushed = unsent_.push(std::move(command));
  if (!pushed) {
    spdlog::error("a command to {} cannot be encoded: {}", address_, pushed.error().message);
    return false;
  }
  recharge();
  if (state_ == State::closed) return true;
  if (unsent_.bytes() > hub_->limits().unsent_bytes_max) {
    shut({Errc::resource_exhausted, fmt::format("it does not take its answers: {} bytes wait", unsent_.bytes())});
    return true;
  }
  if (++gathered_ >= kFramesPerWrite || unsent_.bytes() >= kBytesPerWrite) {
    flush();
  } else {
    flush_soon();
  }
  return true;
}

void Connection::flush_soon() {
  if (flush_posted_ || writing_ || state_ != State::open || unsent_.empty()) return;
  flush_posted_ = true;
  asio::post(hub_->io(), [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
  });
}

void Connection::flush() {
  gathered_ = 0;
  if (state_ != State::open || writing_ || unsent_.empty()) return;
  if (tls_) {
    flush_tls();
  } else {
    flush_plain();
  }
}

error_code Connection::write_without_waiting() {
  error_code error;
  while (!unsent_.empty()) {
    const auto gathered = unsent_.gather();
    const std::size_t bytes = tls_ ? tls_->write_some(gathered, error) : socket_.write_some(gathered, error);
    if (error) break;
    written(bytes);
  }
  return error;
}

void Connection::flush_plain() {
  const error_code error = write_without_waiting();
  if (error == asio::error::would_block) {
    writing_ = true;
    socket_.async_wait(Tcp::socket::wait_write, [self = shared_from_this()](error_code) {
      self->writing_ = false;
      self->flush();
    });
  } else if (error) {
    return lose(error);
  }
  recharge();
  resume();
}

void Connection::flush_tls() {
  writing_ = true;
  tls_->async_write_some(unsent_.gather(), [self = shared_from_this()](error_code error, std::size_t bytes) {
    self->writing_ = false;
    if (self->state_ == State::closed) return;
    if (error) return self->lose(error);
    self->written(bytes);
    self->recharge();
    self->resume();
    self->flush();
  });
}

void Connection::written(std::size_t bytes) {
  unsent_.consume(bytes);
  active_ = Clock::now();
}

// ---- limits and the end

void Connection::recharge() {
  if (state_ == State::closed) return;
  const std::size_t now = received_.capacity() + in_flight_bytes_ + unsent_.bytes();
  const std::size_t before = std::exchange(charged_, now);
  if (!hub_->charge(before, now)) {
    shut({Errc::resource_exhausted,
          fmt::format("all connections together hold more than {} bytes", hub_->limits().memory_bytes_max)});
  }
}

Connection::Clock::time_point Connection::check(Clock::time_point now) {
  const auto& limits = hub_->limits();
  const bool silent = peer_is_silent(now);
  if (auto expired = pending_.take_expired(now); !expired.empty()) {
    call_back_soon(hub_->io(), std::move(expired), {Errc::timeout, fmt::format("no answer from {} in time", address_)});
  }
  if (silent) {
    shut({Errc::unavailable, fmt::format("nothing came from {} since a request that has expired", address_)});
    return Clock::time_point::max();
  }
  if (frame_begun_ && now >= *frame_begun_ + limits.frame_timeout) {
    shut({Errc::timeout, fmt::format("a frame was not whole {} ms after it began", limits.frame_timeout.count())});
    return Clock::time_point::max();
  }
  auto next = pending_.earliest();
  if (frame_begun_) next = std::min(next, *frame_begun_ + limits.frame_timeout);
  if (state_ == State::connecting || !pending_.empty()) return next;
  const auto idle_at = active_ + limits.idle_timeout;
  if (now >= idle_at) {
    shut({Errc::unavailable, fmt::format("idle for {} ms", limits.idle_timeout.count())});
    return Clock::time_point::max();
  }
  return std::min(next, idle_at);
}

// A server that is gone without a word (its packets are swallowed) is found by this long before the kernel gives up:
// the next request goes out on a new connection, or learns that there is none.
bool Connection::peer_is_silent(Clock::time_point now) {
  if (state_ != State::open || !heard_ || paused_ || !pending_.any_expired(now, *heard_)) return false;
  error_code error;
  return socket_.available(error) == 0;  // what waits there was received, we were only slow to read it
}

std::string Connection::lost() const {
  return fmt::format("the connection with {} was lost before the answer", address_);
}

void Connection::close() { shut({Errc::unavailable, fmt::format("the connection with {} was closed", address_)}); }

void Connection::finish(const Error& why) {
  if (state_ == State::open && !writing_) write_without_waiting();
  shut(why);
}

void Connection::lose(const error_code& error) {
  // what else fails, as when nothing is acknowledged any more, does not tell what became of the peer
  const bool by_peer = error == asio::error::eof || error == asio::error::connection_reset ||
                       error == asio::error::broken_pipe || error == asio::ssl::error::stream_truncated;
  end({{Errc::unavailable, lost()}, by_peer});
}

void Connection::end(const Closing& closing) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  frame_begun_.reset();
  error_code ignored;
  socket_.close(ignored);
  auto hub = std::move(hub_);
  hub->charge(charged_, 0);
  call_back_soon(hub->io(), pending_.take_all(), closing.why);
  hub->closed(*this, closing);
}

}  // namespace gantry::remoting
