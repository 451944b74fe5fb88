#include "raft/link.h"

#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "net/certificate_check.h"
#include "raft/frames.h"

namespace gantry::raft {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// What the kernel holds back of a large message would stand in front of every heartbeat.
constexpr unsigned kUnsentMax = 512 * 1024;
// Whoever refuses us closes the connection sooner; before, it is no connection that one would tell of.
constexpr std::chrono::seconds kProven{1};

void prepare(Link::Tcp::socket& socket, std::chrono::milliseconds unacknowledged_max) {
  const auto ms = static_cast<unsigned>(unacknowledged_max.count());
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentMax, sizeof(kUnsentMax));
}

}  // namespace

Link::Link(Transport& owner, std::uint64_t peer, net::Endpoint endpoint)
    : owner_(&owner), peer_(peer), endpoint_(std::move(endpoint)), socket_(owner.io_), retry_(owner.io_) {}

void Link::send(std::string_view message) {
  if (state_ == State::closed) return;
  if (state_ == State::idle) connect();
  const bool full = unsent_.size() + message.size() > owner_->config_.unsent_bytes_max;
  if (state_ == State::waiting || full) {
    ++owner_->stats_.dropped;
    owner_->unreachable_(peer_);
    return;
  }
  append_frame(unsent_, message);
  ++owner_->stats_.sent;
  if (state_ == State::open) write_soon();
}

void Link::send_large(std::string message) {
  if (state_ == State::closed) return;
  if (state_ == State::idle) connect();
  if (state_ == State::waiting || large_) {
    ++owner_->stats_.dropped;
    return owner_->tell_large(peer_, false);
  }
  large_ = Large{std::move(message)};
  ++owner_->stats_.sent;
  if (state_ == State::open) write_soon();
}

void Link::end_large(bool delivered) {
  if (large_) owner_->tell_large(peer_, delivered);
  large_.reset();
}

void Link::flush() {
  if (state_ == State::open && !busy_) write();
}

void Link::close() {
  state_ = State::closed;
  owner_ = nullptr;
  if (connector_) connector_->cancel();
  retry_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

template <class Done>
auto Link::of_this_connection(State in, Done done) {
  return [self = shared_from_this(), stream = tls_, connection = connection_, in, done = std::move(done)](
             error_code error, std::size_t = 0) {
    if (self->connection_ == connection && self->state_ == in) done(*self, error);
  };
}

std::uint32_t Link::version() const {
  return refused_ ? kFirstVersion : std::min(owner_->config_.reads, owner_->reads(peer_).value_or(kFirstVersion));
}

void Link::connect() {
  state_ = State::connecting;
  ++connection_;
  connector_ = net::Connector::start(owner_->io_, endpoint_, owner_->config_.connect_timeout,
                                     [self = shared_from_this()](Result<Tcp::socket> socket) {
                                       if (self->state_ != State::connecting) return;
                                       if (!socket) return self->lost(socket.error().message);
                                       self->connected(std::move(*socket));
                                     });
}

void Link::connected(Tcp::socket socket) {
  socket_ = std::move(socket);
  prepare(socket_, owner_->config_.unacknowledged_max);
  const bool tls = owner_->config_.client_tls != nullptr;
  writing_ = encode_preamble(tls, version());
  asio::async_write(socket_, asio::buffer(writing_),
                    of_this_connection(State::connecting, [tls](Link& link, error_code error) {
                      if (error) return link.lost(error.message());
                      if (tls) return link.handshake();
                      link.greet();
                    }));
}

void Link::handshake() {
  const auto context = owner_->config_.client_tls;
  tls_ = std::make_shared<Tls>(socket_, context->native());
  const net::CertificateCheck check(endpoint_.host);
  if (context->verifies_peer()) tls_->set_verify_callback(check);
  tls_->async_handshake(asio::ssl::stream_base::client,
                        of_this_connection(State::connecting, [check, context](Link& link, error_code error) {
                          if (error) return link.lost(check.failure(error, context->advice()));
                          link.greet();
                        }));
}

void Link::greet() {
  state_ = State::open;
  greeted_at_ = std::chrono::steady_clock::now();
  unsent_.insert(0, encode_hello({owner_->config_.self, peer_, owner_->config_.reads, owner_->config_.group}));
  watch();
  write_soon();
}

void Link::watch() {
  auto ended = of_this_connection(State::open, [](Link& link, error_code error) {
    link.lost(error ? error.message() : "it answered on a connection that only carries messages to it");
  });
  if (tls_) {
    tls_->async_read_some(asio::buffer(&watched_, 1), std::move(ended));
  } else {
    socket_.async_read_some(asio::buffer(&watched_, 1), std::move(ended));
  }
}

void Link::write_soon() {
  if (busy_ || posted_) return;
  posted_ = true;
  asio::post(owner_->io_, [self = shared_from_this()] {
    self->posted_ = false;
    if (self->state_ == State::open && !self->busy_) self->write();
  });
}

template <class Done>
void Link::write_all(const std::string& bytes, Done done) {
  if (tls_) {
    asio::async_write(*tls_, asio::buffer(bytes), std::move(done));
  } else {
    asio::async_write(socket_, asio::buffer(bytes), std::move(done));
  }
}

void Link::write() {
  if (unsent_.empty() && !large_) return;
  writing_.clear();
  std::swap(writing_, unsent_);
  if (large_) {  // a piece of it, after what is waiting
    const std::string_view piece =
        std::string_view(large_->message).substr(large_->written, owner_->config_.piece_bytes);
    large_->written += piece.size();
    append_frame(writing_, piece, large_->written == large_->message.size() ? Piece::last : Piece::part);
  }
  busy_ = true;
  write_all(writing_, of_this_connection(State::open, [](Link& link, error_code error) {
              link.busy_ = false;
              if (error) return link.lost(error.message());
              link.written();
            }));
}

void Link::written() {
  if (said_lost_ && std::chrono::steady_clock::now() - greeted_at_ >= kProven) {
    said_lost_ = false;
    spdlog::info("raft: connected to node {} at {} again", peer_, net::to_string(endpoint_));
  }
  if (large_ && large_->written == large_->message.size()) end_large(true);
  write();
}

void Link::lost(const std::string& why) {
  const bool refused = state_ == State::open && std::chrono::steady_clock::now() - greeted_at_ < kProven;
  refused_ = refused_ || refused;
  if (!said_lost_) {
    spdlog::warn("raft: node {} at {} cannot be reached: {}{}; trying again", peer_, net::to_string(endpoint_), why,
                 refused ? ", after our greeting: its log may say why it refuses us" : "");
  }
  said_lost_ = true;
  state_ = State::waiting;
  connector_.reset();
  error_code ignored;
  socket_.close(ignored);
  tls_.reset();
  busy_ = false;
  unsent_.clear();
  end_large(false);
  auto* owner = owner_;
  retry_.expires_after(owner->config_.retry_after);
  retry_.async_wait([self = shared_from_this()](error_code error) {
    if (!error && self->state_ == State::waiting) self->state_ = State::idle;
  });
  owner->unreachable_(peer_);
}

}  // namespace gantry::raft
