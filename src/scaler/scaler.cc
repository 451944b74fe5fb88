#include "scaler/scaler.h"

#include <spdlog/spdlog.h>

#include "kube_api/access.h"
#include "rocketmq/identity.h"
#include "scaler/metrics_readers.h"
#include "scaler/own_series.h"
#include "scaler/page.h"
#include "scaler/preflight.h"

namespace gantry::scaler {

namespace {
constexpr std::chrono::seconds kTidyInterval{30};
}

Result<std::unique_ptr<Scaler>> Scaler::start(boost::asio::io_context& io, Config config) {
  std::unique_ptr<Scaler> scaler(new Scaler(io, std::move(config)));
  if (auto begun = scaler->begin(); !begun) return std::unexpected(begun.error());
  return scaler;
}

Scaler::~Scaler() {
  if (watch_) watch_->stop();
  if (questions_ && questions_->reader) questions_->reader->stop();
}

Result<void> Scaler::begin() {
  const Settings& settings = config_.settings;
  if (auto checked = check_files(settings); !checked) return checked;
  for (const std::string& sentence : without_effect(config_)) spdlog::warn("scaler: {}", sentence);
  triggers::ClusterPoolConfig pool;
  auto tls = net::TlsContext::client(settings.rocketmq.tls.value_or(net::TlsFiles{}));
  if (!tls) return std::unexpected(in_context("rocketmq.tls", tls.error()));
  cluster_tls_ = *tls;
  pool.tls = std::move(*tls);
  pool.reading_max_age = std::chrono::milliseconds(settings.rocketmq.reading_max_age_ms);
  pool.request_timeout = pool.connect_timeout = std::chrono::milliseconds(settings.rocketmq.request_timeout_ms);
  pool.reading_timeout = std::chrono::milliseconds(settings.rocketmq.reading_timeout_ms);
  pool.persistent_after = std::chrono::milliseconds(settings.rocketmq.persistent_lag_after_ms);
  questions_ = std::make_shared<Questions>();
  questions_->objects = std::make_shared<ScaledObjects>();
  questions_->reader = std::make_shared<triggers::TriggerReader>(
      io_, std::move(pool), triggers::Credentials(settings.credentials, settings.credentials_directory));
  watch_ = std::make_shared<ActivityWatch>(io_, questions_->reader);
  GrpcConfig grpc;
  grpc.host = config_.grpc.host;
  grpc.port = config_.grpc.port;
  grpc.tls = settings.grpc_tls;
  auto external = ExternalScaler::start(io_, grpc, questions_, watch_);
  if (!external) return std::unexpected(in_context("--grpc-listen", external.error()));
  grpc_ = std::move(*external);
  if (config_.api || config_.http) {
    if (auto access = kube_api::find_access(config_.kubeconfig)) {
      api_server_ = std::make_shared<kube_api::Client>(io_, std::move(*access));
    } else if (!config_.kubeconfig.empty()) {
      return std::unexpected(in_context("--kubeconfig", access.error()));
    } else {
      no_api_server_ = access.error().message;
    }
  }
  if (config_.api) {
    if (auto begun = begin_api(); !begun) return std::unexpected(in_context("--api-listen", begun.error()));
  }
  if (config_.metrics) {
    if (auto begun = begin_metrics(); !begun) return std::unexpected(in_context("--metrics-listen", begun.error()));
  }
  if (config_.http) {
    if (auto begun = begin_page(); !begun) return std::unexpected(in_context("--http", begun.error()));
  }
  tidy();
  return {};
}

Result<void> Scaler::begin_api() {
  metrics_api::Config api = *config_.settings.metrics_api;
  api.host = config_.api->host;
  api.port = config_.api->port;
  if (!api_server_) {
    if (api.request_header.client_ca_file.empty())
      return fail(Errc::invalid_argument, "expected metricsApi.requestHeader.clientCa, or {}", no_api_server_);
    spdlog::warn("metrics API: no metrics of pods are served: {}", no_api_server_);
  }
  auto started = metrics_api::Server::start(io_, std::move(api), metrics_readers(questions_->reader), api_server_);
  if (!started) return std::unexpected(started.error());
  api_ = std::move(*started);
  return {};
}

Result<void> Scaler::begin_metrics() {
  const Settings& settings = config_.settings;
  std::optional<MetricsListener::Exported> exported;
  if (settings.exporter) {
    exported.emplace();
    exported->config = settings.exporter->config;
    exported->cluster.name_servers = settings.exporter->name_servers;
    exported->cluster.request_timeout = exported->config.request_timeout;
    if (settings.exporter->tls) exported->cluster.tls = cluster_tls_;
    if (!settings.exporter->credentials.empty()) {
      auto found = exporter_credentials(settings);
      if (!found) return std::unexpected(in_context("exporter.credentials", found.error()));
      exported->cluster.credentials = std::move(*found);
    }
  }
  auto listener = MetricsListener::start(io_, *config_.metrics, std::move(exported), [this] {
    return own_series(*questions_->objects, {questions_->reader->clusters(), watch_->triggers(), grpc_->calls()});
  });
  if (!listener) return std::unexpected(listener.error());
  metrics_ = std::move(*listener);
  return {};
}

Result<void> Scaler::begin_page() {
  if (api_server_) {
    replicas_ = std::make_unique<ReplicaWatch>(api_server_);
    replicas_->start();
  }
  page_ =
      std::make_unique<http::Server>(io_, http::ServerConfig{.host = config_.http->host, .port = config_.http->port});
  serve_page(*page_, questions_->objects,
             [this]() -> const Replicas& { return replicas_ ? replicas_->now() : no_replicas_; });
  return page_->start();
}

void Scaler::tidy() {
  questions_->reader->close_idle();
  questions_->objects->forget_old(rocketmq::unix_now_ms());
  if (metrics_ && config_.settings.exporter && !config_.settings.exporter->credentials.empty()) {
    // what cannot be read, as in the middle of a rotation, stays as it was
    if (auto credentials = exporter_credentials(config_.settings)) metrics_->rotate(std::move(*credentials));
  }
  tidy_.expires_after(kTidyInterval);
  tidy_.async_wait([this](boost::system::error_code error) {
    if (!error) tidy();
  });
}

void Scaler::stop(std::chrono::milliseconds bound, std::function<void()> done) {
  tidy_.cancel();
  grpc_->drain(bound, [this, done = std::move(done)] {
    watch_->stop();
    if (page_) page_->stop();
    if (replicas_) replicas_->stop();
    if (api_) api_->stop();
    if (metrics_) metrics_->stop();
    questions_->reader->stop();
    done();
  });
}

}  // namespace gantry::scaler
