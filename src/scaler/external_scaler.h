// KEDA's external scaler over gRPC: the service, its server with TLS, health and reflection, and its orderly end. gRPC
// runs on threads of its own; every call is posted to the scaler's io_context, answered there, and handed back.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "scaler/activity_watch.h"
#include "scaler/handlers/handlers.h"

namespace gantry::scaler {

struct GrpcTls {
  std::string certificate_file;  // PEM chain; empty: no TLS
  std::string key_file;
  std::string client_ca_file;  // callers must show a certificate of this authority (mTLS); empty: they need none
};

struct GrpcConfig {
  std::string host = "0.0.0.0";
  std::uint16_t port = 6000;  // 0: any
  GrpcTls tls;                // the files are read again when they change
  std::size_t message_bytes_max = 256 * 1024;
  std::size_t streams_max = 20'000;  // further ones are refused with RESOURCE_EXHAUSTED
  std::size_t calls_max = 4'096;     // unary calls that wait for an answer; the same
};

class ExternalScaler {
 public:
  // Errors: unavailable (the address cannot be bound), invalid_argument (a TLS file).
  static Result<std::unique_ptr<ExternalScaler>> start(boost::asio::io_context& io, GrpcConfig config,
                                                       std::shared_ptr<Questions> questions,
                                                       std::shared_ptr<ActivityWatch> watch);
  ~ExternalScaler();
  ExternalScaler(const ExternalScaler&) = delete;
  ExternalScaler& operator=(const ExternalScaler&) = delete;

  std::uint16_t port() const;
  std::size_t streams() const;

  // Streams end with OK, which KEDA takes for a reason to connect again after 2 s and not after up to 60; health turns to
  // NOT_SERVING; calls that are under way are answered. `done` runs on the io_context, at the latest after `bound`.
  void drain(std::chrono::milliseconds bound, std::function<void()> done);

 private:
  class Impl;
  explicit ExternalScaler(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace gantry::scaler
