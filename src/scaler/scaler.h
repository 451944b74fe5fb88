// The role: one reader of triggers, and what asks it: KEDA over gRPC, the HPA by the metrics API, the page. Started and stopped as one.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/server.h"
#include "metrics_api/server.h"
#include "scaler/activity_watch.h"
#include "scaler/config.h"
#include "scaler/external_scaler.h"
#include "scaler/handlers/handlers.h"
#include "scaler/metrics_listener.h"
#include "scaler/replica_watch.h"

namespace gantry::scaler {

class Scaler {
 public:
  // Connects to no cluster: triggers name them. Errors: unavailable (a port), invalid_argument (a TLS file).
  static Result<std::unique_ptr<Scaler>> start(boost::asio::io_context& io, Config config);
  ~Scaler();

  std::uint16_t grpc_port() const { return grpc_->port(); }
  std::uint16_t api_port() const { return api_ ? api_->port() : 0; }  // 0: no metrics API
  std::string metrics_url() const { return metrics_ ? metrics_->url() : std::string(); }
  std::string page_url() const { return page_ ? page_->url() : std::string(); }

  // As ExternalScaler::drain; then the page and the clusters are closed too, and `done` runs.
  void stop(std::chrono::milliseconds bound, std::function<void()> done);

 private:
  Scaler(boost::asio::io_context& io, Config config) : io_(io), config_(std::move(config)), tidy_(io) {}
  Result<void> begin();
  Result<void> begin_api();
  Result<void> begin_metrics();
  Result<void> begin_page();
  void tidy();

  boost::asio::io_context& io_;
  Config config_;
  std::shared_ptr<net::TlsContext> cluster_tls_;
  std::shared_ptr<Questions> questions_;
  std::shared_ptr<ActivityWatch> watch_;
  std::unique_ptr<ExternalScaler> grpc_;
  std::shared_ptr<kube_api::Client> api_server_;  // empty: there is none
  std::string no_api_server_;                     // why
  std::unique_ptr<metrics_api::Server> api_;
  std::unique_ptr<MetricsListener> metrics_;
  Replicas no_replicas_;                    // all unknown: there is no API server
  std::unique_ptr<ReplicaWatch> replicas_;  // empty: the same
  std::unique_ptr<http::Server> page_;
  boost::asio::steady_timer tidy_;
};

}  // namespace gantry::scaler
