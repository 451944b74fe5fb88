#include "metrics_api/server.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cmath>
#include <utility>

#include "http/server.h"
#include "kube/selector.h"
#include "kube_api/pod_watch.h"
#include "metrics_api/catalog.h"
#include "metrics_api/documents.h"
#include "metrics_api/front_proxy.h"
#include "metrics_api/pod_values.h"
#include "metrics_api/request.h"
#include "net/log_limit.h"

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
  Impl(asio::io_context& io, Config config, Readers readers, Catalog catalog, std::shared_ptr<net::WatchedTls> tls,
       std::shared_ptr<kube_api::Client> cluster)
      : config_(std::move(config)),
        readers_(std::move(readers)),
        catalog_(std::move(catalog)),
        tls_(tls),
        cluster_(std::move(cluster)),
        server_(io, http::ServerConfig{.host = config_.host, .port = config_.port, .tls = tls}) {
    proxy_.allowed_names = config_.request_header.allowed_names;
    proxy_.username_headers = config_.request_header.username_headers;
  }

  Result<void> start() {
    for (const char* path : {"/healthz", "/livez"}) {
      server_.get(path, [](const http::Request&) { return http::text("ok"); });
    }
    server_.get("/readyz", [weak = weak_from_this()](const http::Request&) {
      const auto self = weak.lock();
      if (!self || !self->proxy_known_) return http::text("the API server's front proxy is not known yet", 503);
      return http::text("ok");
    });
    server_.route_async("GET", "/*", [weak = weak_from_this()](http::Request request) {
      return serve(weak.lock(), std::move(request));
    });
    if (auto started = server_.start(); !started) return started;
    proxy_known_ = !config_.request_header.client_ca_file.empty();
    if (!proxy_known_) watch_front_proxy();
    if (cluster_ && readers_.read_held && config_.watch_pods) {
      pods_.emplace(cluster_, kube_api::PodWatchConfig{.namespace_ = config_.pod_namespace,
                                                       .label_selector = config_.pod_selector});
      pods_->start();
    }
    return {};
  }

  std::uint16_t port() const { return server_.port(); }
  void stop() {
    server_.stop();
    if (pods_) pods_->stop();
    if (front_proxies_) front_proxies_->stop();
  }

 private:
  // Which certificates speak for users is told by the API server itself, and may change.
  void watch_front_proxy() {
    kube_api::WatchConfig config;
    config.path = "/api/v1/namespaces/kube-system/configmaps";
    config.list.field_selector = "metadata.name=extension-apiserver-authentication";
    kube_api::WatchOwner owner;
    owner.begin_list = [] {};
    owner.end_list = [weak = weak_from_this()] {
      auto self = weak.lock();
      if (self && !self->proxy_known_) {
        spdlog::error(
            "metrics API: ConfigMap kube-system/extension-apiserver-authentication is missing or not readable");
      }
    };
    owner.put = [weak = weak_from_this()](const boost::json::object& map) {
      if (auto self = weak.lock()) self->use_front_proxy(map);
    };
    owner.erase = [](const boost::json::object&) {};  // who was known stays so: it is made anew with the API server
    front_proxies_.emplace(cluster_, std::move(config), std::move(owner));
    front_proxies_->start();
  }

  void use_front_proxy(const boost::json::object& map) {
    std::map<std::string, std::string> data;
    if (const boost::json::object* entries = kube_api::object_of(map, "data")) {
      for (const auto& [key, value] : *entries) data.emplace(key, kube_api::text_of(*entries, key));
    }
    auto proxy = front_proxy_of(data);
    Result<void> used;
    if (proxy) used = tls_->use_ca_text(proxy->client_ca);
    if (!proxy || !used) {
      const Error error = proxy ? used.error() : proxy.error();
      spdlog::error("metrics API: ConfigMap kube-system/extension-apiserver-authentication: {}", error.message);
      return;
    }
    proxy_ = std::move(*proxy);
    proxy_known_ = true;
  }

  static asio::awaitable<http::Response> serve(std::shared_ptr<Impl> self, http::Request request) {
    if (!self) co_return status(Error{Errc::cancelled, "the server stops"});
    if (!self->proxy_known_) {
      http::Response later = status(Error{Errc::unavailable, "the API server's front proxy is not known yet"});
      later.headers.emplace_back("Connection", "close");  // on this one no certificate was asked for
      co_return later;
    }
    auto user = self->proxy_.admit(request);
    if (!user) {
      if (self->log_limit_.admit()) {
        spdlog::warn("metrics API: refused {}: {}", request.remote, user.error().message);
      }
      http::Response refused = status(user.error());
      refused.headers.emplace_back("Connection", "close");  // the next one may show another certificate
      co_return refused;
    }
    auto parsed = parse_request(request.path);
    if (!parsed) co_return status(parsed.error());
    if (const auto* external = std::get_if<ExternalRequest>(&*parsed)) {
      std::string selector(request.parameter("labelSelector"));
      co_return co_await self->answer(*external, std::move(selector));
    }
    if (const auto* custom = std::get_if<CustomRequest>(&*parsed)) {
      std::string selector(request.parameter("labelSelector"));
      std::string metric_selector(request.parameter("metricLabelSelector"));
      co_return co_await self->answer(*custom, std::move(selector), std::move(metric_selector));
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

  asio::awaitable<http::Response> answer(CustomRequest request, std::string selector, std::string metric_selector) {
    const bool of_pods = request.resource == "pods";
    if (request.name == "*" && !of_pods) {
      co_return status(Error{Errc::not_found, fmt::format("of {} only single ones have metrics", request.resource)});
    }
    const std::string object = request.resource + "/" + request.name;
    auto queries = catalog_.find(request.namespace_, request.metric, metric_selector, of_pods ? "" : object);
    if (!queries) co_return status(queries.error());
    if (queries->size() > 1) {
      co_return status(Error{Errc::invalid_argument,
                             fmt::format("metric {} of {}: expected a selector that chooses one of {}, got {}",
                                         request.metric, object, queries->size(), metric_selector)});
    }
    Query query = std::move(queries->front());
    if (of_pods) co_return co_await answer_pods(std::move(request), std::move(query), std::move(selector));
    auto value = co_await read(std::move(query));
    if (!value) co_return status(in_context(fmt::format("metric {} of {}", request.metric, object), value.error()));
    const ObjectKind kind = kind_of(request.resource);
    const bool of_namespace = request.resource == "namespaces";
    ObjectValue item{{kind.kind, kind.api_version, of_namespace ? "" : request.namespace_, request.name}, *value};
    co_return object_values(request.metric, {item}, now());
  }

  asio::awaitable<http::Response> answer_pods(CustomRequest request, Query query, std::string selector_text) {
    const std::string where = fmt::format("metric {} of pods", request.metric);
    if (!pods_) co_return status(Error{Errc::not_found, where + ": pods are not watched here"});
    auto selector = kube::parse_label_selector(selector_text);
    if (!selector) co_return status(in_context("the pods' selector", selector.error()));
    auto pods = pods_->find(request.namespace_, *selector);
    if (!pods) co_return status(in_context(where, pods.error()));
    if (request.name != "*") std::erase_if(*pods, [&](const auto& pod) { return pod.name != request.name; });
    auto held = co_await readers_.read_held(std::move(query.trigger));
    if (!held) co_return status(Error{Errc::unavailable, where + ": " + held.error().message});
    auto values = pod_values(*pods, *held, query.unit);
    if (!values) co_return status(in_context(where, values.error()));
    std::vector<ObjectValue> items;
    for (PodValue& value : *values) {
      items.push_back({{"Pod", "v1", request.namespace_, std::move(value.pod)}, value.value});
    }
    co_return object_values(request.metric, items, now());
  }

  Config config_;
  Readers readers_;
  Catalog catalog_;
  FrontProxy proxy_;
  bool proxy_known_ = false;
  std::shared_ptr<net::WatchedTls> tls_;
  std::shared_ptr<kube_api::Client> cluster_;
  std::optional<kube_api::Watch> front_proxies_;
  std::optional<kube_api::PodWatch> pods_;
  http::Server server_;
  net::LogLimit log_limit_;
};

Result<std::unique_ptr<Server>> Server::start(asio::io_context& io, Config config, Readers readers,
                                              std::shared_ptr<kube_api::Client> cluster) {
  if (config.request_header.client_ca_file.empty() && !cluster) {
    return fail(Errc::invalid_argument,
                "the metrics API: expected requestHeader.clientCa, or access to the API server, which tells it");
  }
  auto catalog = Catalog::make(config);
  if (!catalog) return std::unexpected(catalog.error());
  auto tls = net::WatchedTls::server({.certificate_file = config.certificate_file,
                                      .key_file = config.key_file,
                                      .ca_file = config.request_header.client_ca_file,
                                      .client_certificate_optional = true});
  if (!tls) return std::unexpected(tls.error());
  auto impl = std::make_shared<Impl>(io, std::move(config), std::move(readers), std::move(*catalog), std::move(*tls),
                                     std::move(cluster));
  if (auto started = impl->start(); !started) return std::unexpected(started.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::~Server() { stop(); }

std::uint16_t Server::port() const { return impl_->port(); }

void Server::stop() { impl_->stop(); }

}  // namespace gantry::metrics_api
