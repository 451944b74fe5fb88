#include "scaler/command.h"

#include <spdlog/spdlog.h>

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

std::string_view channel_of(const GrpcTls& tls) {
  if (tls.certificate_file.empty()) return "plain text";
  return tls.client_ca_file.empty() ? "TLS" : "TLS, clients by certificate";
}

}  // namespace

int run_scaler(Config config) {
  net::raise_open_files_max();
  boost::asio::io_context io(1);
  const std::string grpc_host = config.grpc.host.empty() ? "0.0.0.0" : config.grpc.host;
  const std::string_view channel = channel_of(config.settings.grpc_tls);
  auto scaler = Scaler::start(io, std::move(config));
  if (!scaler) {
    fmt::print(stderr, "gantry scaler: {}\n", scaler.error().message);
    return exit_code_of(scaler.error());
  }
  spdlog::info("scaler: KEDA external scaler on {} ({}); scalerAddress: HOST:{} in a ScaledObject's trigger",
               net::to_string(net::Endpoint{grpc_host, (*scaler)->grpc_port()}), channel, (*scaler)->grpc_port());
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
