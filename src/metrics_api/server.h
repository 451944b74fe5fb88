// The metrics APIs of Kubernetes for clusters that have the HPA alone: external.metrics.k8s.io/v1beta1 and
// custom.metrics.k8s.io/v1beta2 over HTTPS, behind the API server's aggregation layer. It holds no numbers itself: each
// request is read anew (what reads may cache). What could not be read is an error with its reason and never a number, so
// that the HPA keeps its replicas. Lives on one io_context that is run by one thread; every call is made there.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "base/error.h"
#include "kube/rocketmq_trigger.h"
#include "kube_api/client.h"
#include "lag/held.h"
#include "metrics_api/config.h"
#include "scaling/reading.h"

namespace gantry::metrics_api {

// Where the numbers come from.
struct Readers {
  // The trigger's metrics: messages first, then, if lag_seconds_threshold is set, seconds. An error: nothing could be read.
  std::function<boost::asio::awaitable<Result<scaling::TriggerReading>>(kube::RocketmqTriggerMetadata)> read_trigger;
  // Whose lag it is (lag/held.h), for metrics of pods. Empty: those are not served.
  std::function<boost::asio::awaitable<Result<lag::HeldLag>>(kube::RocketmqTriggerMetadata)> read_held{};
};

class Server {
 public:
  // cluster: the API server, for metrics of pods and, where the configuration names no client CA, for who may ask. Empty:
  // pods are not served. Errors: those of the configuration, of its certificate files, of the port.
  static Result<std::unique_ptr<Server>> start(boost::asio::io_context& io, Config config, Readers readers,
                                               std::shared_ptr<kube_api::Client> cluster = {});
  ~Server();

  std::uint16_t port() const;
  void stop();  // closes every connection; idempotent

 private:
  class Impl;
  explicit Server(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace gantry::metrics_api
