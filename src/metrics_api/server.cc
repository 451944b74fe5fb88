#include "metrics_api/server.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cmath>
#include <utility>

#include "http/server.h"
#include "metrics_api/catalog.h"
#include "metrics_api/documents.h"
#include "metrics_api/front_proxy.h"
#include "metrics_api/request.h"
#include "net/log_limit.h"

// g++ 12 takes the frame of a coroutine in a unity batch for a type of a header, and what it holds for a mistake
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

namespace gantry::metrics_api {

namespace asio = boost::asio;

namespace {

std::string now() {
  return timestamp_of(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
}

Result<double> value_of(const scaling::TriggerReading& reading, Unit unit) {
  if (reading.error) return fail(Errc::unavailable, "{}", *reading.error);
  const std::size_t index = unit == Unit::messages ? 0 : 1;
  if (index >= reading.metrics.size()) return fail(Errc::internal, "the reading has no such metric");
  const auto& value = reading.metrics[index].value;
  if (!value) return fail(Errc::unavailable, "{}", value.error());
  if (!std::isfinite(*value) || *value < 0) return fail(Errc::unavailable, "the lag is no number");
  return *value;
}

}  // namespace

class Server::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, Config config, Readers readers, Catalog catalog, std::shared_ptr<net::WatchedTls> tls)
      : config_(std::move(config)),
        readers_(std::move(readers)),
        catalog_(std::move(catalog)),
        tls_(tls),
        server_(io, http::ServerConfig{.host = config_.host, .port = config_.port, .tls = tls}) {
    proxy_.allowed_names = config_.request_header.allowed_names;
    proxy_.username_headers = config_.request_header.username_headers;
  }

  Result<void> start() {
    for (const char* path : {"/healthz", "/livez", "/readyz"}) {
      server_.get(path, [](const http::Request&) { return http::text("ok"); });
    }
    server_.route_async("GET", "/*", [weak = weak_from_this()](http::Request request) {
      return serve(weak.lock(), std::move(request));
    });
    return server_.start();
  }

  std::uint16_t port() const { return server_.port(); }
  void stop() { server_.stop(); }

 private:
  static asio::awaitable<http::Response> serve(std::shared_ptr<Impl> self, http::Request request) {
    if (!self) co_return status(Error{Errc::cancelled, "the server stops"});
    auto user = self->proxy_.admit(request);
    if (!user) {
      if (self->log_limit_.admit()) {
        spdlog::warn("metrics API: refused {}: {}", request.remote, user.error().message);
      }
      co_return status(user.error());
    }
    auto parsed = parse_request(request.path);
    if (!parsed) co_return status(parsed.error());
    if (const auto* external = std::get_if<ExternalRequest>(&*parsed)) {
      co_return co_await self->answer(*external, std::string(request.parameter("labelSelector")));
    }
    if (const auto* custom = std::get_if<CustomRequest>(&*parsed)) {
      co_return co_await self->answer(*custom, std::string(request.parameter("labelSelector")),
                                      std::string(request.parameter("metricLabelSelector")));
    }
    co_return self->discovery(*parsed);
  }

  http::Response discovery(const MetricsRequest& request) const {
    if (const auto* one = std::get_if<GroupRequest>(&request)) {
      return one->external ? group(kExternalGroup, kExternalVersion) : group(kCustomGroup, kCustomVersion);
    }
    const auto* resources = std::get_if<ResourcesRequest>(&request);
    if (resources == nullptr) return group_list();
    std::vector<Resource> list;
    for (const std::string& name : catalog_.names()) {
      if (resources->external) {
        list.push_back({name});
        continue;
      }
      list.push_back({"pods/" + name});
      list.push_back({"services/" + name});
      list.push_back({"deployments.apps/" + name});
      list.push_back({"namespaces/" + name, false});
    }
    if (resources->external) return resource_list(kExternalGroup, kExternalVersion, "ExternalMetricValueList", list);
    return resource_list(kCustomGroup, kCustomVersion, "MetricValueList", list);
  }

  // By value: what the caller holds may be gone when the reading comes.
  asio::awaitable<Result<double>> read(Query query) {
    auto reading = co_await readers_.read_trigger(query.trigger);
    if (!reading) co_return fail(Errc::unavailable, "{}", reading.error().message);
    co_return value_of(*reading, query.unit);
  }

  asio::awaitable<http::Response> answer(ExternalRequest request, std::string selector) {
    auto queries = catalog_.find(request.namespace_, request.metric, selector);
    if (!queries) co_return status(queries.error());
    std::vector<ExternalValue> values;
    for (Query& query : *queries) {
      auto value = co_await read(query);
      if (!value) co_return status(in_context("metric " + request.metric, value.error()));
      values.push_back({request.metric, std::move(query.labels), *value});
    }
    co_return external_values(values, now());
  }

  asio::awaitable<http::Response> answer(CustomRequest request, std::string, std::string metric_selector) {
    if (request.name == "*") {
      co_return status(Error{Errc::not_found, fmt::format("metrics of all {} are not served", request.resource)});
    }
    const std::string object = request.resource + "/" + request.name;
    auto queries = catalog_.find(request.namespace_, request.metric, metric_selector, object);
    if (!queries) co_return status(queries.error());
    if (queries->size() > 1) {
      co_return status(Error{Errc::invalid_argument,
                             fmt::format("metric {} of {}: expected a selector that chooses one of {}, got {}",
                                         request.metric, object, queries->size(), metric_selector)});
    }
    auto value = co_await read(queries->front());
    if (!value) co_return status(in_context(fmt::format("metric {} of {}", request.metric, object), value.error()));
    const ObjectKind kind = kind_of(request.resource);
    const bool of_namespace = request.resource == "namespaces";
    ObjectValue item{{kind.kind, kind.api_version, of_namespace ? "" : request.namespace_, request.name}, *value};
    co_return object_values(request.metric, {item}, now());
  }

  Config config_;
  Readers readers_;
  Catalog catalog_;
  FrontProxy proxy_;
  std::shared_ptr<net::WatchedTls> tls_;
  http::Server server_;
  net::LogLimit log_limit_;
};

Result<std::unique_ptr<Server>> Server::start(asio::io_context& io, Config config, Readers readers) {
  auto catalog = Catalog::make(config);
  if (!catalog) return std::unexpected(catalog.error());
  auto tls = net::WatchedTls::server({.certificate_file = config.certificate_file,
                                      .key_file = config.key_file,
                                      .ca_file = config.request_header.client_ca_file,
                                      .client_certificate_optional = true});
  if (!tls) return std::unexpected(tls.error());
  auto impl = std::make_shared<Impl>(io, std::move(config), std::move(readers), std::move(*catalog), std::move(*tls));
  if (auto started = impl->start(); !started) return std::unexpected(started.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::~Server() { stop(); }

std::uint16_t Server::port() const { return impl_->port(); }

void Server::stop() { impl_->stop(); }

}  // namespace gantry::metrics_api
