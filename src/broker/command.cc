#include "broker/command.h"

#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>

#include "base/exit_code.h"
#include "broker/broker.h"
#include "net/open_files.h"
#include "net/run_loop.h"
#include "net/shutdown.h"

namespace gantry::broker {

int run_broker(const Config& config) {
  net::raise_open_files_max();
  boost::asio::io_context io(1);
  auto broker = Broker::start(io, config);
  if (!broker) {
    fmt::print(stderr, "gantry broker: {}\n", broker.error().message);
    return exit_code_of(broker.error());
  }
  spdlog::info("broker: one node, for development, CI and the edge; at scale use Apache RocketMQ's brokers");
  spdlog::info("broker: name server {}, broker {} ({} of {}), data {}, flush {}", (*broker)->namesrv_address(),
               (*broker)->address(), config.broker_name, config.cluster_name, (*broker)->data_directory(),
               config.flush == store::Flush::sync ? "sync" : "async");
  if (config.flush == store::Flush::async)
    spdlog::info("broker: an acknowledged message survives kill -9; for the loss of power use --flush sync");
  net::Shutdown shutdown(io, [&](int signal) {
    spdlog::info("broker: signal {}, stopping", signal);
    (*broker)->stop();
    shutdown.finish();
  });
  net::run_loop(io, "broker");
  broker->reset();
  return shutdown.forced() ? kForced : kDone;
}

}  // namespace gantry::broker
