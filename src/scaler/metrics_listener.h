// /metrics of the scaler: its own numbers and, where the settings name a cluster, those of the exporter. On a thread of its
// own, because the exporter decodes large answers, and a scrape of thousands of topics is megabytes of text: what KEDA asks
// must not wait for either.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "exporter/config.h"
#include "net/endpoint.h"
#include "rocketmq/cluster.h"

namespace gantry::scaler {

class MetricsListener {
 public:
  struct Exported {
    rocketmq::ClusterConfig cluster;
    exporter::Config config;
  };
  // own_series: called on `io`. Errors: those of the listener's address and of the exporter's settings.
  static Result<std::unique_ptr<MetricsListener>> start(boost::asio::io_context& io, const net::Endpoint& listen,
                                                        std::optional<Exported> exported,
                                                        std::function<std::string()> own_series);
  ~MetricsListener();

  std::string url() const;
  void rotate(gantry::wire::Credentials credentials);  // of the exporter's cluster: see Cluster::rotate
  void stop();                                         // waits for the thread; idempotent

 private:
  class Impl;
  explicit MetricsListener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gantry::scaler
