#include "net/acceptor.h"

#include <spdlog/spdlog.h>

#include <boost/asio/ip/v6_only.hpp>

#include "net/endpoint.h"
#include "net/socket_options.h"

namespace gantry::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kPauseWithoutDescriptors = std::chrono::milliseconds(200);

Result<tcp::endpoint> resolve_here(asio::io_context& io, const std::string& host, std::uint16_t port) {
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (!error) return tcp::endpoint(address, port);
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, error);
  if (error || found.empty()) {
    return fail(Errc::invalid_argument,
                "cannot listen on {}: the host is not known ({}); use an address of this machine",
                to_string(Endpoint{host, port}), error.message());
  }
  for (const auto& entry : found) {
    if (entry.endpoint().address().is_v4()) return entry.endpoint();
  }
  return found.begin()->endpoint();
}

Error listen_error(const Endpoint& at, const error_code& error) {
  const std::string where = to_string(at);
  if (error == asio::error::address_in_use) {
    return {
        Errc::already_exists,
        fmt::format("cannot listen on {}: the port is in use; stop the process that holds it (ss -ltnp \"sport = :{}\" "
                    "shows it) or choose another port",
                    where, at.port)};
  }
  if (error == asio::error::access_denied) {
    return {
        Errc::permission_denied,
        fmt::format("cannot listen on {}: permission denied; ports below 1024 need root, choose a higher one", where)};
  }
  return {Errc::invalid_argument,
          fmt::format("cannot listen on {}: {}; use an address of this machine", where, error.message())};
}

}  // namespace

Result<std::shared_ptr<Acceptor>> Acceptor::listen(asio::io_context& io, const std::string& host, std::uint16_t port) {
  auto at = resolve_here(io, host, port);
  if (!at) return std::unexpected(at.error());

  auto self = std::make_shared<Acceptor>(io);
  tcp::acceptor& acceptor = self->acceptor_;
  error_code error;
  acceptor.open(at->protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && at->address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(*at, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (!error) self->local_ = acceptor.local_endpoint(error);
  if (error) return std::unexpected(listen_error({host, port}, error));
  return self;
}

void Acceptor::start(Accepted accepted) {
  accepted_ = std::move(accepted);
  accept();
}

void Acceptor::stop() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  accepted_ = nullptr;
}

void Acceptor::accept() {
  acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
    if (!self->acceptor_.is_open() || error == asio::error::operation_aborted) return;
    if (error == asio::error::no_descriptors || error == asio::error::no_memory ||
        error == asio::error::no_buffer_space) {
      if (auto left_out = self->log_limit_.admit()) {
        spdlog::error("{}: cannot accept a connection: {}; raise the limit of open files (ulimit -n)",
                      to_string(self->local_), error.message());
      }
      return self->accept_later();
    }
    if (!error) {
      error_code gone;  // a peer that has already hung up has no remote endpoint
      const auto remote = socket.remote_endpoint(gone);
      set_options(socket);
      if (!gone) self->accepted_(std::move(socket), unmapped(remote));
    }
    if (self->acceptor_.is_open()) self->accept();
  });
}

void Acceptor::accept_later() {
  pause_.expires_after(kPauseWithoutDescriptors);
  pause_.async_wait([self = shared_from_this()](error_code error) {
    if (!error && self->acceptor_.is_open()) self->accept();
  });
}

}  // namespace gantry::net
