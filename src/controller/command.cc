#include "controller/command.h"

#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <optional>

#include "base/exit_code.h"
#include "controller/controller.h"
#include "net/open_files.h"
#include "net/run_loop.h"
#include "net/shutdown.h"

namespace gantry::controller {

int run_controller(const Config& config) {
  net::raise_open_files_max();
  boost::asio::io_context io(1);
  auto controller = Controller::start(io, config);
  if (!controller) {
    fmt::print(stderr, "gantry controller: {}\n", controller.error().message);
    return exit_code_of(controller.error());
  }
  spdlog::info("controller: {} of {} at {}, data {}", config.self, config.group, net::to_string(config.own()->endpoint),
               config.data_directory);
  if (const std::string url = (*controller)->http_url(); !url.empty())
    spdlog::info("controller: page {}, Prometheus {}metrics", url, url);
  std::optional<Error> stopped;
  std::optional<net::Shutdown> shutdown;
  (*controller)->on_stopped = [&](const Error& error) {
    stopped = error;
    (*controller)->stop();
    shutdown->finish();
  };
  shutdown.emplace(io, [&](int signal) {
    spdlog::info("controller: signal {}, stopping", signal);
    (*controller)->retire([&] {
      (*controller)->stop();
      shutdown->finish();
    });
  });
  net::run_loop(io, "controller");
  io.restart();
  io.poll();  // requests that were under way are answered, or given up, while all they refer to is there
  controller->reset();
  if (stopped) {
    fmt::print(stderr, "gantry controller: {}\n", stopped->message);
    return exit_code_of(*stopped);
  }
  return shutdown->forced() ? kForced : kDone;
}

}  // namespace gantry::controller
