#include "rpc/server.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <utility>
#include <variant>

#include "net/acceptor.h"
#include "net/endpoint.h"
#include "net/log_limit.h"
#include "net/spawn.h"
#include "rpc/connection.h"

namespace gantry::rpc {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr std::chrono::milliseconds kLookForEnd{10};

// Takes the one message of a call and hands it on.
void take_one(const std::shared_ptr<Call>& call, std::function<void(std::shared_ptr<Call>, std::string)> handler) {
  auto taken = std::make_shared<bool>(false);
  std::weak_ptr<Call> weak = call;  // the call holds its callbacks
  call->on_message = [weak, taken, handler = std::move(handler)](std::string message) {
    auto call = weak.lock();
    if (!call) return;
    if (std::exchange(*taken, true)) return call->finish({Code::internal, "expected one message, got more"});
    handler(std::move(call), std::move(message));
  };
  call->on_ended = [weak, taken] {
    if (auto call = weak.lock(); call && !*taken) call->finish({Code::internal, "expected one message, got none"});
  };
}

}  // namespace

class Server::Impl final : public CallTable, public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, ServerConfig config)
      : io_(io), config_(std::move(config)), budgets_(std::make_unique<Budgets>(config_.limits)) {}

  std::map<std::string, std::variant<Unary, ServerStream, BothWays>, std::less<>>& methods() { return methods_; }
  std::uint16_t port() const { return acceptor_ ? acceptor_->local_endpoint().port() : 0; }
  std::size_t connections() const { return connections_.size(); }
  std::size_t calls() const { return budgets_->calls.used(); }

  Result<void> start() {
    auto acceptor = net::Acceptor::listen(io_, config_.host, config_.port);
    if (!acceptor) return std::unexpected(acceptor.error());
    acceptor_ = std::move(*acceptor);
    acceptor_->start([weak = weak_from_this()](tcp::socket socket, const tcp::endpoint& remote) {
      if (auto self = weak.lock()) self->accepted(std::move(socket), net::to_string(remote));
    });
    return {};
  }

  void drain(std::chrono::milliseconds bound, std::function<void()> done) {
    if (acceptor_) acceptor_->stop();
    const auto connections = connections_;
    for (const auto& [key, connection] : connections) connection->drain();
    wait_for_end(std::chrono::steady_clock::now() + bound, std::move(done));
  }

  void stop() {
    if (acceptor_) acceptor_->stop();
    // let go of here, because what each posts when it is closed may never run: it holds us
    for (const auto& [key, connection] : std::exchange(connections_, {})) connection->close();
  }

  Budgets& budgets() override { return *budgets_; }
  void closed(Connection* connection) override { connections_.erase(connection); }
  void refused(const std::string& remote, const std::string& why) override {
    if (log_limit_.admit()) spdlog::warn("gRPC: a caller at {} was refused: {}", remote, why);
  }

  bool open(const std::string& method, const std::shared_ptr<Call>& call, bool& long_lived) override {
    const auto found = methods_.find(method);
    if (found == methods_.end()) return false;
    long_lived = !std::holds_alternative<Unary>(found->second);
    if (const auto* unary = std::get_if<Unary>(&found->second)) {
      take_one(call, [this, handler = *unary](std::shared_ptr<Call> call, std::string request) {
        answer(handler, std::move(call), std::move(request));
      });
    } else if (const auto* stream = std::get_if<ServerStream>(&found->second)) {
      take_one(call, *stream);
    } else {
      std::get<BothWays>(found->second)(call);
    }
    return true;
  }

 private:
  void answer(const Unary& handler, std::shared_ptr<Call> call, std::string request) {
    asio::co_spawn(io_, handler(std::move(request)),
                   [call = std::move(call)](std::exception_ptr thrown, Result<std::string> response) {
                     if (thrown) {
                       net::log_escaped("a gRPC handler", thrown);
                       return call->finish({Code::internal, "a fault of the server, see its log"});
                     }
                     if (!response) return call->finish(to_status(response.error()));
                     call->send(*response);
                     call->finish({});
                   });
  }

  void accepted(tcp::socket socket, std::string remote) {
    if (connections_.size() >= config_.limits.connections_max) {
      if (log_limit_.admit()) spdlog::warn("refused a gRPC connection of {}: {} are open", remote, connections_.size());
      return;
    }
    auto connection = std::make_shared<Connection>(io_, std::move(socket), std::move(remote),
                                                   config_.tls ? config_.tls->current() : nullptr, shared_from_this(),
                                                   config_.limits);
    connections_[connection.get()] = connection;
    connection->start();
  }

  void wait_for_end(std::chrono::steady_clock::time_point deadline, std::function<void()> done) {
    if (connections_.empty() || std::chrono::steady_clock::now() >= deadline) {
      stop();
      return done();
    }
    auto timer = std::make_shared<asio::steady_timer>(io_, kLookForEnd);
    timer->async_wait([self = shared_from_this(), timer, deadline, done = std::move(done)](auto) mutable {
      self->wait_for_end(deadline, std::move(done));
    });
  }

  asio::io_context& io_;
  ServerConfig config_;
  std::map<std::string, std::variant<Unary, ServerStream, BothWays>, std::less<>> methods_;
  std::shared_ptr<net::Acceptor> acceptor_;
  std::unique_ptr<Budgets> budgets_;
  std::map<Connection*, std::shared_ptr<Connection>> connections_;
  net::LogLimit log_limit_;
};

Server::Server(asio::io_context& io, ServerConfig config) : impl_(std::make_shared<Impl>(io, std::move(config))) {}
Server::~Server() {
  impl_->stop();
  impl_->methods().clear();  // they may hold who holds us
}

void Server::unary(std::string method, Unary handler) {
  impl_->methods().insert_or_assign(std::move(method), std::move(handler));
}
void Server::server_stream(std::string method, ServerStream handler) {
  impl_->methods().insert_or_assign(std::move(method), std::move(handler));
}
void Server::both_ways(std::string method, BothWays handler) {
  impl_->methods().insert_or_assign(std::move(method), std::move(handler));
}
Result<void> Server::start() { return impl_->start(); }
std::uint16_t Server::port() const { return impl_->port(); }
std::size_t Server::connections() const { return impl_->connections(); }
std::size_t Server::calls() const { return impl_->calls(); }
void Server::drain(std::chrono::milliseconds bound, std::function<void()> done) {
  impl_->drain(bound, std::move(done));
}
void Server::stop() { impl_->stop(); }

}  // namespace gantry::rpc
