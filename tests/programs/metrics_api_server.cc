// Runs the metrics API alone, against the RocketMQ clusters that its configuration names: usage: CONFIG.yaml PORT. Prints
// the port, ends on SIGTERM.
#include <fmt/core.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <sstream>

#include "lag/rocketmq_lag.h"
#include "metrics_api/server.h"
#include "metrics_api/settings.h"
#include "net/shutdown.h"
#if __has_include("triggers/trigger_value.h")
#include "triggers/trigger_value.h"
namespace values = gantry::triggers;
#else
#include "autoscaler/trigger_value.h"
namespace values = gantry::autoscaler;
#endif

namespace {

namespace asio = boost::asio;
using namespace gantry;

// The clusters of the triggers, each connected once.
class Clusters {
 public:
  explicit Clusters(asio::io_context& io) : io_(io) {}

  Result<std::shared_ptr<lag::RocketmqLag>> lag_of(const kube::RocketmqTriggerMetadata& trigger) {
    const std::string names = fmt::format("{}", fmt::join(trigger.name_servers, ";"));
    if (auto known = lags_.find(names); known != lags_.end()) return known->second;
    auto cluster = rocketmq::Cluster::create(io_, {.name_servers = names});
    if (!cluster) return std::unexpected(cluster.error());
    clusters_[names] = *cluster;
    return lags_[names] = std::make_shared<lag::RocketmqLag>(*cluster);
  }
  void stop() {
    for (auto& [names, cluster] : clusters_) cluster->stop();
  }

 private:
  asio::io_context& io_;
  std::map<std::string, std::shared_ptr<rocketmq::Cluster>> clusters_;
  std::map<std::string, std::shared_ptr<lag::RocketmqLag>> lags_;
};

asio::awaitable<Result<scaling::TriggerReading>> read_trigger(Clusters* clusters,
                                                              kube::RocketmqTriggerMetadata trigger) {
  auto lag = clusters->lag_of(trigger);
  if (!lag) co_return std::unexpected(lag.error());
  std::vector<Result<lag::LagReading>> readings;
  kube::Trigger whole;
  whole.rocketmq = trigger;
  for (lag::LagQuery& query : values::lag_queries(whole)) readings.push_back(co_await (*lag)->read(query));
  co_return values::trigger_value(trigger, readings);
}

int run(const std::string& file, std::uint16_t port) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  auto config = metrics_api::read_config(text.str(), file);
  if (!config) return fmt::print(stderr, "{}\n", config.error().message), 2;
  config->host = "127.0.0.1";
  config->port = port;
  asio::io_context io;
  Clusters clusters(io);
  metrics_api::Readers readers;
  readers.read_trigger = [&](kube::RocketmqTriggerMetadata trigger) { return read_trigger(&clusters, trigger); };
  auto server = metrics_api::Server::start(io, std::move(*config), std::move(readers));
  if (!server) return fmt::print(stderr, "{}\n", server.error().message), 1;
  fmt::print("{}\n", (*server)->port());
  std::fflush(stdout);
  net::Shutdown shutdown(io, [&](int) {
    (*server)->stop();
    clusters.stop();
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
