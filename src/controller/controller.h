// The controller of broker replica sets: a drop-in for the one of RocketMQ 5. One node of a group; every node answers
// every request.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "controller/config.h"

namespace gantry::controller {

class Controller {
 public:
  // Opens the log and listens. `io` is run by one thread, on which everything here is called; it must outlive the
  // controller. Errors name the port, file or setting and say what to do.
  static Result<std::unique_ptr<Controller>> start(boost::asio::io_context& io, Config config);
  ~Controller();  // stop()
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  std::uint16_t port() const;
  std::string http_url() const;  // empty: there is no HTTP port
  // The log failed or cannot be read: the controller answers nothing any more, and the process should end with this.
  std::function<void(const Error&)> on_stopped;

  // Hands leadership over when it has it, then calls `done`: at once, or within a second.
  void retire(std::function<void()> done);
  void stop();  // idempotent

 private:
  class Impl;
  explicit Controller(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gantry::controller
