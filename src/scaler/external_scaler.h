// KEDA's external scaler: the public interface of proto/externalscaler.proto between rpc and the handlers, with health and
// reflection. Lives on the thread of its io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "rpc/health.h"
#include "rpc/server.h"
#include "scaler/activity_watch.h"
#include "scaler/handlers/handlers.h"

namespace gantry::scaler {

struct GrpcTls {
  std::string certificate_file;  // PEM chain; empty: no TLS. Files are read again when they change
  std::string key_file;
  std::string client_ca_file;  // callers must show a certificate of this authority (mTLS); empty: they need none
};

struct GrpcConfig {
  std::string host = "0.0.0.0";
  std::uint16_t port = 6000;  // 0: any
  GrpcTls tls;
};

class ExternalScaler {
 public:
  // Errors: those of rpc::Server::start, invalid_argument (a TLS file).
  static Result<std::unique_ptr<ExternalScaler>> start(boost::asio::io_context& io, const GrpcConfig& config,
                                                       std::shared_ptr<Questions> questions,
                                                       std::shared_ptr<ActivityWatch> watch);
  ~ExternalScaler();

  std::uint16_t port() const { return server_->port(); }
  std::size_t calls() const { return server_->calls(); }  // open, streams included

  // Health turns to NOT_SERVING, streams end with OK, which KEDA takes for a reason to connect again after 2 s and not after
  // up to 60; calls that are under way are answered. `done` runs at the latest after `bound`.
  void drain(std::chrono::milliseconds bound, std::function<void()> done);

 private:
  ExternalScaler(std::shared_ptr<Questions> questions, std::shared_ptr<ActivityWatch> watch)
      : questions_(std::move(questions)), watch_(std::move(watch)) {}
  void serve();
  void stream_is_active(const std::shared_ptr<rpc::Call>& call, const ScaledObjectRef& ref);
  void stream_metric_spec(const std::shared_ptr<rpc::Call>& call, const ScaledObjectRef& ref);

  std::shared_ptr<Questions> questions_;
  std::shared_ptr<ActivityWatch> watch_;
  std::unique_ptr<rpc::Server> server_;
  std::shared_ptr<rpc::Health> health_;
};

}  // namespace gantry::scaler
