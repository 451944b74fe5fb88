// gantry broker: the options of the embedded name server and broker.
#include <spdlog/spdlog.h>

#include "broker/command.h"
#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "cli/values.h"
#include "net/endpoint.h"

namespace gantry::cli {
namespace {

struct BrokerOptions {
  std::string namesrv_listen = "127.0.0.1:9876";
  std::string listen = "127.0.0.1:10911";
  std::string data;
  std::string flush = "async";
  std::string advertise;
  std::string cluster = "DefaultCluster";
  std::string name = "broker-a";
  bool no_auto_create = false;
  std::vector<std::string> users;
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_ca;
  std::chrono::microseconds retention{};
  broker::Config config;  // its limits are filled as they stand; the rest in to_config
};

Result<broker::Config> to_config(const BrokerOptions& options) {
  broker::Config config = options.config;
  config.retention_ms = options.retention.count() / 1000;
  auto namesrv = net::parse_listen_endpoint(options.namesrv_listen);
  if (!namesrv) return std::unexpected(in_context("--namesrv-listen", namesrv.error()));
  auto listen = net::parse_listen_endpoint(options.listen);
  if (!listen) return std::unexpected(in_context("--listen", listen.error()));
  config.namesrv_host = namesrv->host;
  config.namesrv_port = namesrv->port;
  config.host = listen->host;
  config.port = listen->port;
  config.advertised_host = options.advertise;
  config.data_directory = options.data;
  config.flush = options.flush == "sync" ? store::Flush::sync : store::Flush::async;
  config.cluster_name = options.cluster;
  config.broker_name = options.name;
  config.auto_create_topics = config.auto_create_groups = !options.no_auto_create;
  for (const std::string& text : options.users) {
    auto keys = parse_keys("--user", text);
    if (!keys) return std::unexpected(keys.error());
    broker::User user;
    user.access_key = std::move(keys->access_key);
    user.secret_key = std::move(keys->secret_key);
    user.admin = config.users.empty();  // the first is the administrator
    config.users.push_back(std::move(user));
  }
  if (!options.tls_certificate.empty()) {
    net::TlsFiles files;
    files.certificate_file = options.tls_certificate;
    files.key_file = options.tls_key;
    files.ca_file = options.tls_ca;
    auto tls = net::TlsContext::server(files);
    if (!tls) return std::unexpected(tls.error());
    config.tls = std::move(*tls);
  }
  return config;
}

std::string size_text(std::uint64_t bytes) {
  if (bytes == 0 || bytes % 1024 != 0) return fmt::format("{}", bytes);
  return bytes % (1024 * 1024) == 0 ? fmt::format("{}mb", bytes >> 20) : fmt::format("{}kb", bytes >> 10);
}

void add_limits(CLI::App& command, BrokerOptions& options) {
  const auto size = [&command](const std::string& name, auto& value, const std::string& description) {
    command.add_option(name, value, fmt::format("{} (default: {})", description, size_text(value)))
        ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false).description(""))
        ->type_name("SIZE")
        ->group("Limits");
  };
  const auto count = [&command](const std::string& name, auto& value, const std::string& description) {
    command.add_option(name, value, fmt::format("{} (default: {})", description, value))
        ->check(CLI::Range(std::size_t{1}, std::size_t{10'000'000}).description(""))
        ->type_name("COUNT")
        ->group("Limits");
  };
  options.retention = std::chrono::milliseconds(options.config.retention_ms);
  add_duration(command, "--retention", options.retention, "older messages are deleted; 0s: never (default: 72h)")
      ->group("Limits");
  size("--retention-bytes", options.config.retention_bytes,
       "of all messages; then the oldest are deleted; 0: no limit");
  size("--message-bytes-max", options.config.message_bytes_max, "of a message's body");
  remoting::ServerLimits& limits = options.config.limits;
  size("--frame-bytes-max", limits.frame.frame_bytes_max, "of a request");
  size("--header-bytes-max", limits.frame.header_bytes_max, "of a request's header");
  count("--connections-max", limits.connections_max, "further ones are closed at once");
  count("--in-flight-max", limits.in_flight_max, "requests of one connection without an answer; then it is not read");
  count("--held-requests-max", options.config.held_requests_max, "pulls and pops that wait for messages");
}

}  // namespace

void declare_broker(CLI::App& command, Invocation& invocation) {
  auto options = std::make_shared<BrokerOptions>();
  command.add_option("--namesrv-listen", options->namesrv_listen, "address of the name server (port 0: any)")
      ->capture_default_str();
  command.add_option("--listen", options->listen, "address of the broker (port 0: any)")->capture_default_str();
  command.add_option("--advertise", options->advertise,
                     "host that routes tell clients (default: the broker's address)");
  command.add_option("--data", options->data, "directory of the store (default: the user's state directory)");
  command.add_option("--flush", options->flush, "when a message is acknowledged: async, written; sync, on the disk")
      ->check(CLI::IsMember({"async", "sync"}))
      ->capture_default_str();
  command.add_option("--cluster", options->cluster, "cluster name")->capture_default_str();
  command.add_option("--name", options->name, "broker name")->capture_default_str();
  command.add_flag("--no-auto-create", options->no_auto_create, "refuse topics and groups that were not created");
  command.add_option("--user", options->users,
                     "ACCESS_KEY:SECRET_KEY that may connect; may be repeated, the first is the administrator");
  auto* certificate = add_file(command, "--tls-cert", options->tls_certificate, "PEM certificate: TLS beside plain");
  certificate->needs(
      add_file(command, "--tls-key", options->tls_key, "PEM key of the certificate")->needs(certificate));
  add_file(command, "--tls-ca", options->tls_ca, "clients must show a certificate of this authority")
      ->needs(certificate);
  add_limits(command, *options);
  command.callback([options, &invocation] {
    invocation.run = [options] {
      auto config = to_config(*options);
      if (!config) return report(config.error());
      return broker::run_broker(*config);
    };
  });
}

}  // namespace gantry::cli
