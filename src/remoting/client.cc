#include "remoting/client.h"

#include <spdlog/spdlog.h>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unordered_map>

#include "net/connector.h"
#include "net/endpoint.h"
#include "remoting/connection.h"
#include "remoting/hub.h"

namespace gantry::remoting {

namespace asio = boost::asio;

class Client::Impl final : public Hub {
 public:
  Impl(asio::io_context& io, ClientConfig config)
      : Hub(io, limits_of(config), config.in_flight_max), config_(std::move(config)) {}

  void call(const std::string& address, wire::Command request, std::chrono::milliseconds timeout,
            ResponseCallback done) {
    auto connection = connection_to(address);
    if (!connection) {
      asio::post(io(), [done = std::move(done), why = connection.error()] { done(std::unexpected(why)); });
      return;
    }
    if (config_.sign) config_.sign(request);
    (*connection)->send_request(std::move(request), timeout, std::move(done));
  }

  void oneway(const std::string& address, wire::Command request) {
    auto connection = connection_to(address);
    if (!connection) {
      spdlog::debug("one-way request {} was not sent: {}", request.code, connection.error().message);
      return;
    }
    if (config_.sign) config_.sign(request);
    (*connection)->send_oneway(std::move(request));
  }

  void use_tls(std::shared_ptr<net::TlsContext> tls) { config_.tls = std::move(tls); }

  void stop() {
    stopped_ = true;
    for (auto& [id, connector] : connectors_) connector->cancel();
    connectors_.clear();
    close_all({Errc::cancelled, "the client was stopped"});
  }

  void closed(Connection& connection, const Closing& closing) override {
    const auto link = links_.find(connection.address());
    if (link != links_.end() && link->second.get() == &connection) links_.erase(link);
    const auto connector = connectors_.find(connection.id());
    if (connector != connectors_.end()) {
      connector->second->cancel();
      connectors_.erase(connector);
    }
    Hub::closed(connection, closing);
  }

 private:
  static ServerLimits limits_of(const ClientConfig& config) {
    ServerLimits limits;
    limits.frame = config.frame;
    limits.idle_timeout = config.idle_timeout;
    limits.connections_max = config.connections_max;
    return limits;
  }

  Result<std::shared_ptr<Connection>> connection_to(const std::string& address) {
    if (stopped_) return fail(Errc::cancelled, "the client was stopped");
    const auto link = links_.find(address);
    if (link != links_.end()) return link->second;

    auto to = net::parse_endpoint(address);
    if (!to) return std::unexpected(to.error());
    if (connections() >= limits().connections_max && !close_least_used()) {
      return fail(Errc::resource_exhausted, "cannot connect to {}: all {} connections are in use", address,
                  connections());
    }
    auto connection = add(address, {});
    links_.emplace(address, connection);
    auto connected = [this, keep = shared_from_this(), connection,
                      host = to->host](Result<asio::ip::tcp::socket> socket) {
      connectors_.erase(connection->id());
      if (!socket) return connection->shut(socket.error());
      connection->connected(std::move(*socket), config_.tls, host);
    };
    connectors_.emplace(connection->id(),
                        net::Connector::start(io(), std::move(*to), config_.connect_timeout, std::move(connected)));
    return connection;
  }

  bool close_least_used() {
    std::shared_ptr<Connection> least;
    for (const auto& [id, connection] : all()) {
      if (connection->has_pending()) continue;
      if (!least || connection->last_active() < least->last_active()) least = connection;
    }
    if (least) least->close();
    return least != nullptr;
  }

  ClientConfig config_;
  std::unordered_map<std::string, std::shared_ptr<Connection>> links_;  // by address, those that are not closed
  std::unordered_map<std::uint64_t, std::shared_ptr<net::Connector>> connectors_;  // by connection
  bool stopped_ = false;
};

namespace {

// Joins the answer, a coroutine's cancellation and their common end: whichever comes first resumes the coroutine.
template <class Complete>
struct Waiting {
  explicit Waiting(Complete complete) : complete(std::move(complete)) {}

  void finish(Result<wire::Command>&& result) {
    if (finished) return;
    finished = true;
    asio::get_associated_cancellation_slot(complete).clear();
    auto resume = std::move(complete);
    std::move(resume)(std::move(result));
  }

  Complete complete;
  bool finished = false;
};

}  // namespace

Client::Client(asio::io_context& io, ClientConfig config) : impl_(std::make_shared<Impl>(io, std::move(config))) {}

Client::~Client() { stop(); }

asio::awaitable<Result<wire::Command>> Client::call(std::string address, wire::Command request,
                                                    std::chrono::milliseconds timeout) {
  auto start = [impl = impl_, timeout](auto complete, const std::string& address, wire::Command request) {
    using State = Waiting<decltype(complete)>;
    auto state = std::make_shared<State>(std::move(complete));
    auto slot = asio::get_associated_cancellation_slot(state->complete);
    if (slot.is_connected()) {
      slot.assign([weak = std::weak_ptr<State>(state), &io = impl->io()](asio::cancellation_type) {
        asio::post(io, [weak] {
          if (auto state = weak.lock()) state->finish(fail(Errc::cancelled, "the call was cancelled"));
        });
      });
    }
    impl->call(address, std::move(request), timeout,
               [state](Result<wire::Command>&& result) { state->finish(std::move(result)); });
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(Result<wire::Command>)>(
      std::move(start), asio::use_awaitable, std::move(address), std::move(request));
}

void Client::call(std::string address, wire::Command request, std::chrono::milliseconds timeout,
                  ResponseCallback done) {
  impl_->call(address, std::move(request), timeout, std::move(done));
}

void Client::oneway(std::string address, wire::Command request) { impl_->oneway(address, std::move(request)); }

void Client::handle(std::int32_t request_code, Handler handler) { impl_->handle(request_code, std::move(handler)); }

void Client::use_tls(std::shared_ptr<net::TlsContext> tls) { impl_->use_tls(std::move(tls)); }
void Client::stop() { impl_->stop(); }

}  // namespace gantry::remoting
