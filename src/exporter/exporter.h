// The Prometheus exporter: cycles that read a whole cluster, and the text of the last complete one. Scrapes never start
// reads. It lives on one io_context that is run by one thread; with thousands of pairs of topic and group a cycle takes
// that thread for tens of milliseconds at a time in places (large answers are decoded at once), so that a process with
// quicker duties gives it a thread of its own (net/io_thread.h).
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "exporter/config.h"
#include "rocketmq/cluster.h"

namespace gantry::exporter {

class Exporter {
 public:
  // Begins the first cycle at once. `cluster` must live on `io`. Fails with invalid_argument when a setting makes no
  // sense. Name servers that do not answer are no failure: the cycles go on until they do.
  static Result<std::unique_ptr<Exporter>> start(boost::asio::io_context& io,
                                                 std::shared_ptr<rocketmq::Cluster> cluster, Config config = {});
  ~Exporter();  // stop()
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  // What Prometheus is to get, as kContentType. From any thread. What could not be read in the last cycle is not in it,
  // and once the last complete cycle is older than Config::stale_after only the exporter's own series are.
  std::string text() const;
  std::uint64_t cycles() const;  // that have ended; from any thread

  // On the thread of `io`: no further cycle begins and nothing more is published. The requests of a cycle under way end
  // with Cluster::stop(). Idempotent.
  void stop();

 private:
  class Impl;
  explicit Exporter(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace gantry::exporter
