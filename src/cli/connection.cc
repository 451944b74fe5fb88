#include "cli/connection.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>

#include "cli/command.h"
#include "cli/output.h"

namespace gantry::cli {
namespace {

constexpr const char* kAccessKey = "GANTRY_ACCESS_KEY";
constexpr const char* kSecretKey = "GANTRY_SECRET_KEY";
constexpr const char* kTls = "GANTRY_TLS";
constexpr const char* kTlsCa = "GANTRY_TLS_CA";
constexpr const char* kTlsInsecure = "GANTRY_TLS_INSECURE";

bool is_true(const char* value) {
  const std::string_view text = value == nullptr ? "" : value;
  return text == "true" || text == "1";
}

}  // namespace

void add_connection_options(CLI::App& command, ConnectionOptions& options) {
  // CLI11's envname would show a secret in --help as the default of the option: the environment is read here instead
  if (const char* value = std::getenv("NAMESRV_ADDR"); value != nullptr && *value != '\0') options.name_servers = value;
  if (const char* value = std::getenv(kAccessKey)) options.access_key = value;
  if (const char* value = std::getenv(kSecretKey)) options.secret_key = value;
  if (const char* value = std::getenv(kTlsCa)) options.ca_file = value;
  options.tls = is_true(std::getenv(kTls));
  options.insecure = is_true(std::getenv(kTlsInsecure));
  command.add_option("--namesrv,-n", options.name_servers, "name servers, host:port;host:port (env NAMESRV_ADDR)")
      ->default_str("127.0.0.1:9876");
  command.add_option("--access-key", options.access_key, "ACL access key (env GANTRY_ACCESS_KEY)");
  command.add_option("--secret-key", options.secret_key, "ACL secret key (env GANTRY_SECRET_KEY)");
  command.add_flag("--tls", options.tls, "connect with TLS (env GANTRY_TLS=true)");
  command.add_option("--tls-ca", options.ca_file,
                     "PEM file of the authorities to trust (default: the system's; env GANTRY_TLS_CA)");
  command.add_flag("--tls-insecure", options.insecure,
                   "with --tls: accept any certificate (env GANTRY_TLS_INSECURE=true)");
}

std::map<std::string, std::string> environment_of(const ConnectionOptions& options) {
  std::map<std::string, std::string> variables;
  if (!options.access_key.empty()) {
    variables[kAccessKey] = options.access_key;
    variables[kSecretKey] = options.secret_key;
  }
  if (!options.tls) return variables;
  variables[kTls] = "true";
  std::error_code ignored;
  if (!options.ca_file.empty()) variables[kTlsCa] = std::filesystem::absolute(options.ca_file, ignored).string();
  if (options.insecure) variables[kTlsInsecure] = "true";
  return variables;
}

Result<rocketmq::ClusterConfig> cluster_config(const ConnectionOptions& options) {
  rocketmq::ClusterConfig config;
  config.name_servers = options.name_servers;
  if (options.access_key.empty() != options.secret_key.empty()) {
    return fail(Errc::invalid_argument, "--access-key and --secret-key are needed together, only {} is given",
                options.access_key.empty() ? "the secret key" : "the access key");
  }
  if (!options.access_key.empty()) {
    wire::Credentials credentials;
    credentials.access_key = options.access_key;
    credentials.secret_key = options.secret_key;
    config.credentials = std::move(credentials);
  }
  if (options.tls) {
    net::TlsFiles files;
    files.ca_file = options.ca_file;
    files.verify_peer = !options.insecure;
    auto context = net::TlsContext::client(files);
    if (!context) return std::unexpected(context.error());
    config.tls = std::move(*context);
  }
  return config;
}

int report(const Error& error) {
  print_error(error.message);
  return exit_code_of(error);
}

int run_with_cluster(const ConnectionOptions& options, Body body) {
  auto config = cluster_config(options);
  if (!config) return report(config.error());
  boost::asio::io_context io(1);
  auto cluster = rocketmq::Cluster::create(io, std::move(*config));
  if (!cluster) return report(cluster.error());
  int code = kForced;  // until it says otherwise: net::Shutdown ends the io_context before the body's end
  boost::asio::co_spawn(io, body(*cluster), [&](std::exception_ptr error, int result) {
    code = result;
    if (error) {
      try {
        std::rethrow_exception(error);
      } catch (const std::exception& e) {
        code = report(Error{Errc::internal, e.what()});
      }
    }
    (*cluster)->stop();
  });
  io.run();
  return code;
}

}  // namespace gantry::cli
