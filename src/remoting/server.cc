#include "remoting/server.h"

#include <spdlog/spdlog.h>

#include "net/acceptor.h"
#include "net/endpoint.h"
#include "remoting/connection.h"
#include "remoting/hub.h"

namespace gantry::remoting {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {
constexpr std::size_t kPendingMax = 1'024;  // requests of ours to one client without an answer
}  // namespace

class Server::Impl final : public Hub {
 public:
  Impl(asio::io_context& io, ServerConfig config) : Hub(io, config.limits, kPendingMax), config_(std::move(config)) {}

  Result<void> start() {
    if (acceptor_) return fail(Errc::already_exists, "the server on {} was started already", config_.host);
    auto acceptor = net::Acceptor::listen(io(), config_.host, config_.port);
    if (!acceptor) return std::unexpected(acceptor.error());
    acceptor_ = std::move(*acceptor);
    acceptor_->start([weak = weak_from_this()](tcp::socket socket, tcp::endpoint remote) {
      if (auto self = weak.lock()) static_cast<Impl&>(*self).accepted(std::move(socket), remote);
    });
    return {};
  }

  std::uint16_t port() const { return acceptor_ ? acceptor_->local_endpoint().port() : 0; }

  void stop() {
    if (acceptor_) acceptor_->stop();
    close_all({Errc::cancelled, "the server stops"});
  }

  void use_tls(std::shared_ptr<net::TlsContext> tls) { config_.tls = std::move(tls); }

  ServerStats stats() const { return {connections(), accepted_, refused_}; }

 private:
  void accepted(tcp::socket socket, const tcp::endpoint& remote) {
    ++accepted_;
    if (connections() >= limits().connections_max) {
      ++refused_;
      if (refused_log_.admit()) {
        spdlog::warn("refused a connection of {}: {} are open; {} refused so far", net::to_string(remote),
                     connections(), refused_);
      }
      return;
    }
    add(net::to_string(remote), remote)->serve(std::move(socket), config_);
  }

  ServerConfig config_;
  std::shared_ptr<net::Acceptor> acceptor_;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  net::LogLimit refused_log_;
};

Server::Server(asio::io_context& io, ServerConfig config) : impl_(std::make_shared<Impl>(io, std::move(config))) {}

Server::~Server() { stop(); }

void Server::handle(std::int32_t request_code, Handler handler) { impl_->handle(request_code, std::move(handler)); }

void Server::handle_others(Handler handler) { impl_->handle_others(std::move(handler)); }

void Server::authorize(std::function<Result<void>(const wire::Command&, const Peer&)> check) {
  impl_->authorize(std::move(check));
}

void Server::on_closed(std::function<void(const std::shared_ptr<Peer>&, const Closing&)> callback) {
  impl_->on_closed(std::move(callback));
}

Result<void> Server::start() { return impl_->start(); }

void Server::use_tls(std::shared_ptr<net::TlsContext> tls) { impl_->use_tls(std::move(tls)); }

std::uint16_t Server::port() const { return impl_->port(); }

void Server::stop() { impl_->stop(); }

ServerStats Server::stats() const { return impl_->stats(); }

}  // namespace gantry::remoting
