#include "raft/intake.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>

#include "net/certificate_check.h"
#include "raft/frames.h"
#include "raft/link.h"

namespace gantry::raft {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {
constexpr std::size_t kReadBytes = 64 * 1024;
// A snapshot may have come: its room is not kept for the small messages that follow.
constexpr std::size_t kKeptBytes = 1024 * 1024;
}  // namespace

Intake::Intake(Transport& owner, std::uint64_t number, Tcp::socket socket, std::string remote)
    : owner_(&owner), number_(number), socket_(std::move(socket)), remote_(std::move(remote)), hello_by_(owner.io_) {}

void Intake::start() {
  hello_by_.expires_after(owner_->config_.hello_timeout);
  hello_by_.async_wait([weak = weak_from_this()](error_code error) {
    auto self = weak.lock();
    if (!error && self && !self->from_) self->refuse({Errc::timeout, "it does not say who it is"});
  });
  read_exactly(kPreambleBytes, &Intake::on_preamble);
}

void Intake::close() {
  if (!owner_) return;
  auto* owner = std::exchange(owner_, nullptr);
  hello_by_.cancel();
  error_code ignored;
  socket_.close(ignored);
  owner->held_bytes_ -= charged_;
  if (from_) {
    const auto newest = owner->intake_of_.find(*from_);
    if (newest != owner->intake_of_.end() && newest->second == number_) owner->intake_of_.erase(newest);
  }
  owner->intakes_.erase(number_);
}

void Intake::refuse(const Error& why) {
  if (!owner_) return;
  if (auto left_out = owner_->refused_log_.admit()) {
    spdlog::warn("raft: closed the connection of {}: {}{}", remote_, why.message,
                 *left_out == 0 ? "" : fmt::format(" ({} such lines left out)", *left_out));
  }
  close();
}

bool Intake::charge() {
  const std::size_t before = std::exchange(charged_, received_.size() + large_.size());
  owner_->held_bytes_ = owner_->held_bytes_ - before + charged_;
  if (charged_ <= before || owner_->held_bytes_ <= owner_->config_.held_bytes_max) return true;
  refuse({Errc::resource_exhausted, fmt::format("parts of messages of all nodes are over the limit of {} bytes",
                                                owner_->config_.held_bytes_max)});
  return false;
}

void Intake::read_exactly(std::size_t bytes, void (Intake::*next)()) {
  received_.resize(bytes);
  auto done = [self = shared_from_this(), next](error_code error, std::size_t) {
    if (!self->owner_) return;
    if (error) return self->close();
    (self.get()->*next)();
  };
  if (tls_) {
    asio::async_read(*tls_, asio::buffer(received_), std::move(done));
  } else {
    asio::async_read(socket_, asio::buffer(received_), std::move(done));
  }
}

void Intake::on_preamble() {
  const auto flags = decode_preamble(received_, owner_->config_.reads);
  if (!flags) return refuse(flags.error());
  const bool tls = (*flags & kTlsFollows) != 0;
  const auto& context = owner_->config_.server_tls;
  if (tls != (context != nullptr)) {
    return refuse({Errc::unauthenticated, tls ? "it wants TLS, and this node has no certificate"
                                              : "it comes without TLS, which this node asks of its peers"});
  }
  if (!tls) return read_hello();
  tls_ = std::make_unique<Tls>(socket_, context->native());
  const net::CertificateCheck check;
  tls_->set_verify_callback(check);
  tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this(), check](error_code error) {
    if (!self->owner_) return;
    if (error) return self->refuse({Errc::unauthenticated, check.failure(error)});
    self->read_hello();
  });
}

void Intake::read_hello() { read_exactly(kHelloHeadBytes, &Intake::on_hello_head); }

void Intake::on_hello_head() {
  const auto name_bytes = group_name_bytes(received_);
  if (!name_bytes) return refuse(name_bytes.error());
  received_.resize(kHelloHeadBytes + *name_bytes);
  auto rest = asio::buffer(received_) + kHelloHeadBytes;
  auto done = [self = shared_from_this()](error_code error, std::size_t) {
    if (!self->owner_) return;
    if (error) return self->close();
    self->on_hello();
  };
  if (tls_) {
    asio::async_read(*tls_, rest, std::move(done));
  } else {
    asio::async_read(socket_, rest, std::move(done));
  }
}

void Intake::on_hello() {
  const Hello hello = decode_hello(received_);
  const auto& config = owner_->config_;
  if (hello.group != config.group) {
    return refuse(
        {Errc::permission_denied, fmt::format("it is of group {}, this node of {}", hello.group, config.group)});
  }
  if (hello.to != config.self) {
    return refuse(
        {Errc::permission_denied,
         fmt::format("node {} looks for node {} here, this is {}: is the address of one of them wrong, or was "
                     "this node's data removed?",
                     hello.from, hello.to, config.self)});
  }
  if (hello.from == config.self || (owner_->admits && !owner_->admits(hello.from))) {
    return refuse(
        {Errc::permission_denied,
         fmt::format("node {} is no other member of the group: was it removed, and still runs?", hello.from)});
  }
  from_ = hello.from;
  hello_by_.cancel();
  owner_->announced(hello.from, hello.reads);
  if (const auto link = owner_->links_.find(hello.from); link != owner_->links_.end()) link->second->heard();
  if (owner_->on_announced) owner_->on_announced();
  if (!owner_) return;
  auto& newest = owner_->intake_of_[hello.from];
  const auto before = owner_->intakes_.find(std::exchange(newest, number_));
  // the peer has given the former one up, maybe without our hearing of it
  if (before != owner_->intakes_.end() && before->first != number_) {
    const auto kept = before->second;
    owner_->displaced(hello.from, kept->remote_, remote_);
    kept->close();
  }
  received_.clear();
  filled_ = 0;
  read();
}

void Intake::read() {
  if (received_.size() < filled_ + kReadBytes) received_.resize(filled_ + kReadBytes);
  if (!charge()) return;
  auto room = asio::buffer(received_) + filled_;
  auto done = [self = shared_from_this()](error_code error, std::size_t bytes) {
    if (!self->owner_) return;
    if (error) return self->close();
    self->on_read(bytes);
  };
  if (tls_) {
    tls_->async_read_some(room, std::move(done));
  } else {
    socket_.async_read_some(room, std::move(done));
  }
}

Result<void> Intake::take_piece(Piece piece, std::string_view bytes) {
  if (large_.size() + bytes.size() > owner_->config_.large_bytes_max) {
    return fail(Errc::resource_exhausted, "a Raft message in pieces is over the limit of {} bytes",
                owner_->config_.large_bytes_max);
  }
  large_ += bytes;
  if (piece == Piece::part) return {};
  ++owner_->stats_.received;
  const std::string message = std::exchange(large_, {});
  owner_->received_(*from_, message);
  return {};
}

void Intake::on_read(std::size_t bytes) {
  filled_ += bytes;
  std::size_t begin = 0;
  while (owner_) {
    const std::string_view rest = std::string_view(received_).substr(begin, filled_ - begin);
    const auto head = decode_frame_head(rest, owner_->config_.message_bytes_max);
    if (!head) return refuse(head.error());
    if (!*head || rest.size() < kFrameHeadBytes + (*head)->message_bytes) {
      if (*head) received_.resize(std::max(received_.size(), begin + kFrameHeadBytes + (*head)->message_bytes));
      break;
    }
    const std::string_view message = rest.substr(kFrameHeadBytes, (*head)->message_bytes);
    if (auto whole = check_message(**head, message); !whole) return refuse(whole.error());
    if ((*head)->piece != Piece::whole) {
      if (auto taken = take_piece((*head)->piece, message); !taken) return refuse(taken.error());
    } else {
      ++owner_->stats_.received;
      owner_->received_(*from_, message);
    }
    begin += kFrameHeadBytes + message.size();
  }
  if (!owner_) return;  // closed by who received
  received_.erase(0, begin);
  filled_ -= begin;
  if (filled_ == 0 && received_.capacity() > kKeptBytes) received_ = {};
  read();
}

}  // namespace gantry::raft
