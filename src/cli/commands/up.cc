// gantry up: broker, autoscaler, generator, workers and page from Kubernetes YAML.
#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "cli/values.h"
#include "net/endpoint.h"
#include "up/command.h"

namespace gantry::cli {
namespace {

struct UpOptions {
  up::Options up;
  ConnectionOptions connection;
  std::string http = "127.0.0.1:8088";
  std::string namesrv_listen = "127.0.0.1:9876";
  std::string listen = "127.0.0.1:10911";
  std::chrono::microseconds duration{0};
  bool name_servers_given = false;
};

Result<up::Options> to_options(const UpOptions& options) {
  up::Options result = options.up;
  auto http = net::parse_listen_endpoint(options.http);
  if (!http) return std::unexpected(in_context("--http", http.error()));
  result.http_host = http->host;
  result.http_port = http->port;
  auto namesrv = net::parse_listen_endpoint(options.namesrv_listen);
  if (!namesrv) return std::unexpected(in_context("--namesrv-listen", namesrv.error()));
  auto listen = net::parse_listen_endpoint(options.listen);
  if (!listen) return std::unexpected(in_context("--listen", listen.error()));
  result.namesrv_listen = *namesrv;
  result.broker_listen = *listen;
  if (options.name_servers_given) {
    auto servers = net::parse_endpoints(options.connection.name_servers);
    if (!servers) return std::unexpected(in_context("--namesrv", servers.error()));
    result.name_servers = options.connection.name_servers;
  }
  auto cluster = cluster_config(options.connection);
  if (!cluster) return std::unexpected(cluster.error());
  result.access_key = options.connection.access_key;
  result.secret_key = options.connection.secret_key;
  result.tls = std::move(cluster->tls);
  result.worker_environment = environment_of(options.connection);
  if (options.duration.count() > 0) {
    result.duration = std::chrono::ceil<std::chrono::seconds>(options.duration);
  }
  return result;
}

}  // namespace

void declare_up(CLI::App& command, Invocation& invocation) {
  auto options = std::make_shared<UpOptions>();
  // an embedded broker is the default, so the environment's name server is not taken here: only --namesrv says
  // otherwise
  add_connection_options(command, options->connection);
  command.get_option("--namesrv")
      ->description(
          "an existing cluster, host:port;host:port (default: the embedded broker, or the YAML's name servers)")
      ->default_str("");
  command
      .add_option("--file,-f", options->up.files,
                  "Kubernetes YAML; may be repeated (default: the example, which is built in)")
      ->check(CLI::ExistingFile);
  command.add_flag("--generate", options->up.generate,
                   "send the burst of the YAML also to a cluster that is not embedded");
  add_duration(command, "--duration", options->duration, "run headless for at most this long");
  command.add_option("--report", options->up.report_file, "write samples and the verdict to this file, as JSON");
  command.add_option("--http", options->http,
                     "address of the page (port 0: any, as with --duration unless it is given)");
  command.add_option("--data", options->up.data_dir, "directory of the embedded broker (default: a temporary one)");
  command.add_option("--namesrv-listen", options->namesrv_listen,
                     "address of the embedded name server (with --duration: any port)");
  command.add_option("--listen", options->listen, "address of the embedded broker (with --duration: any port)");
  command.add_option("--advertise", options->up.advertised_host,
                     "host by which clients reach the embedded broker, when it listens on all addresses");
  command.callback([options, &command, &invocation] {
    options->name_servers_given = command.count("--namesrv") > 0;
    // several headless runs at the same time must not fail for a port that nobody asked for
    if (command.count("--duration") > 0) {
      if (options->duration.count() == 0) throw CLI::ValidationError("--duration", "must be longer than 0s");
      if (command.count("--http") == 0) options->http = "127.0.0.1:0";
      if (command.count("--namesrv-listen") == 0) options->namesrv_listen = "127.0.0.1:0";
      if (command.count("--listen") == 0) options->listen = "127.0.0.1:0";
    }
    options->up.version = invocation.version;
    for (const char* name : {"--namesrv-listen", "--listen", "--advertise", "--data"}) {
      if (command.count(name) > 0) options->up.embedded_only.emplace_back(name);
    }
    invocation.run = [options] {
      auto parsed = to_options(*options);
      if (!parsed) return report(parsed.error());
      return up::run(*parsed);
    };
  });
}

}  // namespace gantry::cli
