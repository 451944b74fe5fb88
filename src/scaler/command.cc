#include "scaler/command.h"

#include <boost/asio/io_context.hpp>
#include <cstdio>

#include "base/exit_code.h"
#include "net/open_files.h"
#include "net/run_loop.h"
#include "net/shutdown.h"
#include "scaler/scaler.h"

namespace gantry::scaler {
namespace {

// Streams end at once; calls that wait for a cluster have this long.
constexpr std::chrono::milliseconds kDrainBound{3'000};
constexpr std::chrono::milliseconds kStopBound{4'000};

}  // namespace

int run_scaler(Config config) {
  net::raise_open_files_max();
  boost::asio::io_context io(1);
  auto scaler = Scaler::start(io, std::move(config));
  if (!scaler) {
    fmt::print(stderr, "gantry scaler: {}\n", scaler.error().message);
    return exit_code_of(scaler.error());
  }
  spdlog::info("scaler: KEDA external scaler on port {}; scalerAddress: HOST:{} in a ScaledObject's trigger",
               (*scaler)->grpc_port(), (*scaler)->grpc_port());
  if ((*scaler)->api_port() != 0) spdlog::info("scaler: metrics API on port {}", (*scaler)->api_port());
  if (const std::string url = (*scaler)->metrics_url(); !url.empty()) spdlog::info("scaler: Prometheus {}metrics", url);
  if (const std::string url = (*scaler)->page_url(); !url.empty()) spdlog::info("scaler: page {}", url);
  net::Shutdown shutdown(
      io,
      [&](int signal) {
        spdlog::info("scaler: signal {}, stopping", signal);
        (*scaler)->stop(kDrainBound, [&] { shutdown.finish(); });
      },
      kStopBound);
  net::run_loop(io, "scaler", net::IdleLoop::sleeps);
  scaler->reset();
  return shutdown.forced() ? kForced : kDone;
}

}  // namespace gantry::scaler
