#include "http/server.h"

#include <spdlog/spdlog.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <map>
#include <optional>
#include <sstream>

#include "http/content.h"
#include "http/guard.h"
#include "net/acceptor.h"
#include "net/endpoint.h"
#include "net/log_limit.h"
#include "net/spawn.h"

namespace gantry::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kCompressedBytesMin = 1'024;  // below, gzip saves nothing that counts
constexpr int kGzipLevel = 5;
constexpr std::chrono::milliseconds kGoodbyeTimeout{1'000};
constexpr auto kEventStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n"
    "X-Content-Type-Options: nosniff\r\n\r\n";

using Parsed = bhttp::request<bhttp::string_body>;
using Built = bhttp::response<bhttp::string_body>;

Response response_to(const error_code& error) {
  if (error == bhttp::error::header_limit) return http::error(431, "the header of the request is too large");
  if (error == bhttp::error::body_limit) return http::error(413, "the body of the request is too large");
  return http::error(400, "the request is not HTTP/1.1: " + error.message());
}

Result<Request> read_request(Parsed& parsed, const std::string& remote) {
  auto target = parse_target(parsed.target());
  if (!target) return std::unexpected(target.error());
  Request request;
  request.method = std::string(parsed.method_string());
  if (request.method == "HEAD") request.method = "GET";
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  for (const auto& field : parsed) request.headers.emplace_back(field.name_string(), field.value());
  request.body = std::move(parsed.body());
  request.remote = remote;
  return request;
}

// A coroutine cannot wait inside a catch block, and a handler's exception must not cross the module.
asio::awaitable<Response> run(const AsyncHandler& handler, Request request) {
  try {
    co_return co_await handler(std::move(request));
  } catch (const std::exception& error) {
    spdlog::error("an HTTP handler threw: {}", error.what());
  }
  co_return http::error(500, "internal error");
}

Response run(const Handler& handler, const Request& request) {
  try {
    return handler(request);
  } catch (const std::exception& error) {
    spdlog::error("the HTTP handler of {} threw: {}", request.path, error.what());
    return http::error(500, "internal error");
  }
}

}  // namespace

class Server::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, ServerConfig config) : io_(io), config_(std::move(config)) {}

  Router& router() { return router_; }
  std::uint16_t port() const { return acceptor_ ? acceptor_->local_endpoint().port() : 0; }
  std::size_t connections() const { return sessions_.size(); }

  std::string url() const {
    if (!acceptor_) return {};
    auto local = acceptor_->local_endpoint();
    const std::string_view scheme = config_.tls ? "https" : "http";
    if (!local.address().is_unspecified()) return fmt::format("{}://{}/", scheme, net::to_string(local));
    return fmt::format("{}://localhost:{}/", scheme, local.port());
  }

  Result<void> start() {
    if (acceptor_) return fail(Errc::already_exists, "the HTTP server on {} was started already", config_.host);
    auto acceptor = net::Acceptor::listen(io_, config_.host, config_.port);
    if (!acceptor) return std::unexpected(acceptor.error());
    acceptor_ = std::move(*acceptor);
    local_only_ = acceptor_->local_endpoint().address().is_loopback();
    acceptor_->start([weak = weak_from_this()](tcp::socket socket, const tcp::endpoint& remote) {
      if (auto self = weak.lock()) self->accepted(std::move(socket), remote);
    });
    return {};
  }

  void stop() {
    if (acceptor_) acceptor_->stop();
    stopped_ = true;
    auto sessions = std::exchange(sessions_, {});
    for (auto& [id, close] : sessions) close();
  }

 private:
  struct Session {
    std::unique_ptr<Stream> stream;  // empty once an event stream has it
    std::uint64_t id = 0;
    std::string remote;
    std::optional<PeerCertificate> peer;
  };
  using SessionPtr = std::shared_ptr<Session>;

  void accepted(tcp::socket socket, const tcp::endpoint& remote) {
    if (sessions_.size() >= config_.limits.connections_max) {
      if (log_limit_.admit()) {
        spdlog::warn("refused an HTTP connection of {}: {} are open", net::to_string(remote), sessions_.size());
      }
      return;
    }
    auto session = std::make_shared<Session>();
    session->stream = std::make_unique<Stream>(std::move(socket), config_.tls ? config_.tls->current() : nullptr);
    session->id = ++last_id_;
    session->remote = net::to_string(remote);
    sessions_[session->id] = [weak = std::weak_ptr(session)] {
      if (auto session = weak.lock(); session && session->stream) session->stream->close();
    };
    net::spawn(io_, "the HTTP session of " + session->remote, serve(shared_from_this(), session));
  }

  // One connection, from its first request to its last. `self` keeps us alive.
  static asio::awaitable<void> serve(std::shared_ptr<Impl> self, SessionPtr session) {
    const ServerLimits& limits = self->config_.limits;
    beast::flat_buffer buffer;
    bool keep_alive = true;
    bool handed_over = false;
    if (session->stream->is_secure()) {
      session->stream->tcp().expires_after(limits.request_timeout);
      const error_code refused = co_await session->stream->accept_handshake();
      if (refused) {
        if (self->log_limit_.admit()) spdlog::info("TLS handshake with {}: {}", session->remote, refused.message());
        keep_alive = false;
      } else {
        session->peer = session->stream->peer();
      }
    }
    while (keep_alive && !handed_over && !self->stopped_) {
      error_code error;
      if (buffer.size() == 0) {
        session->stream->tcp().expires_after(limits.idle_timeout);
        const std::size_t bytes = co_await session->stream->async_read_some(
            buffer.prepare(4'096), asio::redirect_error(asio::use_awaitable, error));
        buffer.commit(bytes);
        if (error) break;
      }
      session->stream->tcp().expires_after(limits.request_timeout);
      bhttp::request_parser<bhttp::string_body> parser;
      parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
      parser.body_limit(limits.body_bytes_max);
      co_await bhttp::async_read(*session->stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
      const bool unreadable = error && error.category() == error_code(bhttp::error::bad_target).category();
      if (error && !unreadable) break;  // the connection itself has failed or timed out
      if (error == bhttp::error::end_of_stream || error == bhttp::error::partial_message) break;

      keep_alive = !error && parser.keep_alive();
      const unsigned version = error ? 11 : parser.get().version();
      const bool head_only = !error && parser.get().method() == bhttp::verb::head;
      std::string accept_encoding;
      if (!error) accept_encoding = std::string(parser.get()[bhttp::field::accept_encoding]);

      Response response;
      if (error) {
        response = response_to(error);
      } else if (auto request = read_request(parser.get(), session->remote); !request) {
        response = http::error(request.error());
      } else {
        request->peer = session->peer;
        handed_over = co_await self->answer(session, std::move(*request), response);
      }
      if (handed_over) break;
      session->stream->tcp().expires_after(limits.request_timeout);
      Built built = self->build(std::move(response), version, keep_alive, accept_encoding);
      if (head_only) {
        bhttp::response_serializer<bhttp::string_body> serializer(built);
        co_await bhttp::async_write_header(*session->stream, serializer,
                                           asio::redirect_error(asio::use_awaitable, error));
      } else {
        co_await bhttp::async_write(*session->stream, built, asio::redirect_error(asio::use_awaitable, error));
      }
      if (error || !built.keep_alive()) break;
    }
    if (handed_over) co_return;
    session->stream->tcp().expires_after(kGoodbyeTimeout);
    co_await session->stream->shutdown();
    self->sessions_.erase(session->id);
  }

  // True: an event stream has taken the connection over.
  asio::awaitable<bool> answer(SessionPtr session, Request request, Response& response) {
    if (local_only_ && !config_.tls) {
      if (auto allowed = check_local(request); !allowed) {
        response = http::error(allowed.error());
        co_return false;
      }
    }
    std::string allowed;
    const Router::Route* route = router_.find(request.method, request.path, &allowed);
    if (route == nullptr && allowed.empty()) {
      response = http::error(404, fmt::format("nothing is served at {}", request.path));
    } else if (route == nullptr) {
      response = http::error(405, fmt::format("{} is not served here, only {}", request.method, allowed));
      response.headers.emplace_back("Allow", allowed);
    } else if (const auto* handler = std::get_if<Handler>(route)) {
      response = run(*handler, request);
    } else if (const auto* handler = std::get_if<AsyncHandler>(route)) {
      response = co_await run(*handler, std::move(request));
    } else {
      open_stream(session, std::get<StreamHandler>(*route), request);
      co_return true;
    }
    co_return false;
  }

  void open_stream(const SessionPtr& session, const StreamHandler& handler, const Request& request) {
    session->stream->tcp().expires_never();
    auto stream = std::make_shared<EventStream>(std::move(session->stream), config_.limits.unsent_event_bytes_max,
                                                config_.limits.ping_interval);
    sessions_[session->id] = [weak = std::weak_ptr(stream)] {
      if (auto stream = weak.lock()) stream->close();
    };
    stream->on_ended([weak = weak_from_this(), id = session->id] {
      if (auto self = weak.lock()) self->sessions_.erase(id);
    });
    Result<void> taken;
    try {
      taken = handler(request, stream);
    } catch (const std::exception& error) {
      taken = fail(Errc::internal, "internal error");
      spdlog::error("the handler of the event stream {} threw: {}", request.path, error.what());
    }
    if (taken) {
      stream->start(kEventStreamHead);
    } else {
      std::ostringstream text;
      text << build(http::error(taken.error()), 11, false, {});
      stream->refuse(std::move(text).str());
    }
  }

  Built build(Response response, unsigned version, bool keep_alive, std::string_view accept_encoding) const {
    Built built(static_cast<bhttp::status>(response.status), version);
    for (const auto& [name, value] : response.headers) {
      if (name.find_first_of("\r\n") == std::string::npos && value.find_first_of("\r\n") == std::string::npos) {
        built.set(name, value);
      }
    }
    const auto add = [&](auto name, std::string_view value) {
      if (built.find(name) == built.end()) built.set(name, value);
    };
    if (response.body.size() >= kCompressedBytesMin && built.find(bhttp::field::content_encoding) == built.end() &&
        is_compressible(response.content_type) && accepts_gzip(accept_encoding)) {
      if (auto compressed = gzip(response.body, kGzipLevel); compressed && compressed->size() < response.body.size()) {
        response.body = std::move(*compressed);
        built.set(bhttp::field::content_encoding, "gzip");
        built.set(bhttp::field::vary, "Accept-Encoding");
      }
    }
    if (response.status != 304) add(bhttp::field::content_type, response.content_type);
    add(bhttp::field::cache_control, "no-store");
    add("X-Content-Type-Options", "nosniff");
    add("X-Frame-Options", "DENY");
    add("Referrer-Policy", "no-referrer");
    add("Cross-Origin-Resource-Policy", "same-origin");
    if (!config_.content_security_policy.empty()) add("Content-Security-Policy", config_.content_security_policy);
    const bool close = bhttp::token_list(built[bhttp::field::connection]).exists("close");  // a handler's wish
    built.keep_alive(keep_alive && !close);
    built.body() = std::move(response.body);
    built.prepare_payload();
    return built;
  }

  asio::io_context& io_;
  ServerConfig config_;
  Router router_;
  std::shared_ptr<net::Acceptor> acceptor_;
  bool local_only_ = false;
  bool stopped_ = false;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, std::function<void()>> sessions_;  // how to close each that is open
  net::LogLimit log_limit_;
};

Server::Server(asio::io_context& io, ServerConfig config) : impl_(std::make_shared<Impl>(io, std::move(config))) {}

Server::~Server() { stop(); }

void Server::route(std::string method, std::string path, Handler handler) {
  impl_->router().add(std::move(method), std::move(path), std::move(handler));
}

void Server::route_async(std::string method, std::string path, AsyncHandler handler) {
  impl_->router().add(std::move(method), std::move(path), std::move(handler));
}

void Server::events(std::string path, StreamHandler handler) {
  impl_->router().add("GET", std::move(path), std::move(handler));
}

void Server::assets(std::span<const Asset> assets) {
  for (const Asset& asset : assets) impl_->router().add_asset(asset);
}

Result<void> Server::start() { return impl_->start(); }

std::uint16_t Server::port() const { return impl_->port(); }

std::string Server::url() const { return impl_->url(); }

std::size_t Server::connections() const { return impl_->connections(); }

void Server::stop() { impl_->stop(); }

}  // namespace gantry::http
