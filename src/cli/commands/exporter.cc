// gantry exporter: a cluster's numbers for Prometheus.
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>

#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "cli/values.h"
#include "exporter/metrics_route.h"
#include "net/endpoint.h"
#include "net/run_loop.h"
#include "net/shutdown.h"

namespace gantry::cli {
namespace {

struct ExporterOptions {
  ConnectionOptions connection;
  std::string listen = "127.0.0.1:5557";
  std::chrono::microseconds interval = std::chrono::seconds(15);
  std::string names = "all";
  std::string policy = "earliest";
  bool no_client_details = false;
  bool message_sizes = false;
  exporter::Config config;  // its limits are filled as they stand; the rest in to_exporter_config
};

exporter::Config to_exporter_config(const ExporterOptions& options) {
  exporter::Config config = options.config;
  config.interval = std::chrono::duration_cast<std::chrono::milliseconds>(options.interval);
  config.clean_names = options.names != "well-known";
  config.well_known_names = options.names != "gantry";
  config.policy = options.policy == "latest" ? lag::OffsetResetPolicy::latest : lag::OffsetResetPolicy::earliest;
  config.client_details = !options.no_client_details;
  config.message_sizes = options.message_sizes;
  return config;
}

int run_exporter(const ExporterOptions& options) {
  auto connection = cluster_config(options.connection);
  if (!connection) return report(connection.error());
  auto listen = net::parse_listen_endpoint(options.listen);
  if (!listen) return report(in_context("--listen", listen.error()));
  boost::asio::io_context io(1);
  auto cluster = rocketmq::Cluster::create(io, std::move(*connection));
  if (!cluster) return report(cluster.error());
  auto exporter = exporter::Exporter::start(io, *cluster, to_exporter_config(options));
  if (!exporter) return report(exporter.error());
  http::ServerConfig server_config;
  server_config.host = listen->host;
  server_config.port = listen->port;
  http::Server server(io, server_config);
  exporter::serve_metrics(server, **exporter);
  if (auto started = server.start(); !started) return report(started.error());
  spdlog::info("exporter: {}metrics, a cycle every {} s", server.url(),
               std::chrono::duration<double>(options.interval).count());
  net::Shutdown shutdown(io, [&](int signal) {
    spdlog::info("exporter: signal {}, stopping", signal);
    server.stop();
    (*exporter)->stop();
    (*cluster)->stop();
    shutdown.finish();
  });
  net::run_loop(io, "exporter");
  return shutdown.forced() ? kForced : kDone;
}

}  // namespace

void declare_exporter(CLI::App& command, Invocation& invocation) {
  auto options = std::make_shared<ExporterOptions>();
  add_connection_options(command, options->connection);
  command.add_option("--listen", options->listen, "where Prometheus finds /metrics")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  add_duration(command, "--interval", options->interval, "from the start of a reading to the next (default: 15s)");
  command
      .add_option("--names", options->names, "gantry: clean names; well-known: those of the Apache exporter; all: both")
      ->check(CLI::IsMember({"all", "gantry", "well-known"}))
      ->capture_default_str();
  command
      .add_option("--offset-reset-policy", options->policy,
                  "where a group begins that has never committed: earliest or latest")
      ->check(CLI::IsMember({"earliest", "latest"}))
      ->capture_default_str();
  command.add_flag("--no-client-details", options->no_client_details, "do not ask consumers for their running info");
  command.add_flag("--message-sizes", options->message_sizes,
                   "ask the Apache broker for bytes a second and messages sent back, two requests for each pair");
  command.add_option("--pairs-max", options->config.pairs_max, "pairs of topic and group that are exposed")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      .add_option("--in-flight", options->config.requests_in_flight_max, "requests to the cluster at a time, to 1024")
      ->check(CLI::Range(1, 1'024))
      ->capture_default_str();
  command.callback([options, &invocation] { invocation.run = [options] { return run_exporter(*options); }; });
}

}  // namespace gantry::cli
