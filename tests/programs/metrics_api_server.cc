// Runs the metrics API alone, against the RocketMQ clusters that its configuration names and the API server of
// $KUBECONFIG, if that is set: usage: CONFIG.yaml PORT. Prints the port, ends on SIGTERM.
#include <fmt/core.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "kube_api/access.h"
#include "metrics_api/settings.h"
#include "net/shutdown.h"
#include "scaler/metrics_readers.h"

namespace {

namespace asio = boost::asio;
using namespace gantry;

int run(const std::string& file, std::uint16_t port) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  auto config = metrics_api::read_config(text.str(), file);
  if (!config) return fmt::print(stderr, "{}\n", config.error().message), 2;
  config->host = "127.0.0.1";
  config->port = port;
  asio::io_context io;
  std::shared_ptr<kube_api::Client> api_server;
  if (std::getenv("KUBECONFIG") != nullptr) {
    auto access = kube_api::find_access();
    if (!access) return fmt::print(stderr, "{}\n", access.error().message), 2;
    api_server = std::make_shared<kube_api::Client>(io, std::move(*access));
  }
  auto reader =
      std::make_shared<triggers::TriggerReader>(io, triggers::ClusterPoolConfig{}, triggers::Credentials({}, ""));
  auto server = metrics_api::Server::start(io, std::move(*config), scaler::metrics_readers(reader), api_server);
  if (!server) return fmt::print(stderr, "{}\n", server.error().message), 1;
  fmt::print("{}\n", (*server)->port());
  std::fflush(stdout);
  net::Shutdown shutdown(io, [&](int) {
    (*server)->stop();
    reader->stop();
    io.stop();
  });
  io.run();
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  return run(arguments[1], static_cast<std::uint16_t>(std::atoi(arguments[2])));
}
