// The controller's HTTP port: /healthz, /readyz, /metrics and the page. On a thread of its own, because text and JSON of
// 10,000 sets take milliseconds that heartbeats must not wait for: it asks the service's thread for copies, a few sets at
// a time, and makes everything else of them itself. It can only look: nothing is changed by HTTP.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "controller/view.h"
#include "net/endpoint.h"

namespace gantry::controller {

class HttpListener {
 public:
  // Called on `io`, not any more after stop().
  struct Sources {
    std::function<NodeView()> node;
    std::function<NumbersView()> numbers;
    std::function<std::vector<SetView>(std::string_view after, std::size_t count)> sets;
    // dledger_disk_usage_bytes: the one that is called on another thread, since it may wait for the disk.
    std::function<std::optional<std::uint64_t>()> disk_usage;
    std::chrono::milliseconds disk_usage_max_age{10'000};
  };
  // Errors name the address.
  static Result<std::unique_ptr<HttpListener>> start(boost::asio::io_context& io, const net::Endpoint& listen,
                                                     Sources sources);
  ~HttpListener();  // stop()

  std::string url() const;
  void stop();  // on the thread of `io`; waits for its own threads, so for disk_usage too; idempotent

 private:
  class Impl;
  explicit HttpListener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace gantry::controller
