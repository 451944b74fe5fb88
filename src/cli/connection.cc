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
constexpr const char* kTlsCert = "GANTRY_TLS_CERT";
constexpr const char* kTlsKey = "GANTRY_TLS_KEY";
constexpr const char* kTlsInsecure = "GANTRY_TLS_INSECURE";

bool is_true(const char* value) {
  const std::string_view text = value == nullptr ? "" : value;
  return text == "true" || text == "1";
}

}  // namespace

void add_security_options(CLI::App& command, ConnectionOptions& options) {
  // CLI11's envname would show a secret in --help as the default of the option: the environment is read here instead
  if (const char* value = std::getenv(kAccessKey)) options.access_key = value;
  if (const char* value = std::getenv(kSecretKey)) options.secret_key = value;
  if (const char* value = std::getenv(kTlsCa)) options.ca_file = value;
  if (const char* value = std::getenv(kTlsCert)) options.certificate_file = value;
  if (const char* value = std::getenv(kTlsKey)) options.key_file = value;
  options.tls = is_true(std::getenv(kTls));
  options.insecure = is_true(std::getenv(kTlsInsecure));
  command.add_option("--access-key", options.access_key, "ACL access key (env GANTRY_ACCESS_KEY)");
  command.add_option("--secret-key", options.secret_key, "ACL secret key (env GANTRY_SECRET_KEY)");
  command.add_flag("--tls", options.tls, "connect with TLS (env GANTRY_TLS=true)");
  // Who names a file for TLS wants TLS; of the environment alone that is not said, it may serve other commands.
  const auto implies_tls = [&](CLI::Option* option) {
    option->each([&options](const std::string&) { options.tls = true; });
  };
  implies_tls(command.add_option("--tls-ca", options.ca_file,
                                 "with TLS, also without --tls: PEM file of the authorities to trust (default: the "
                                 "system's; env GANTRY_TLS_CA)"));
  implies_tls(command.add_option("--tls-cert", options.certificate_file,
                                 "the same: PEM certificate to show (env GANTRY_TLS_CERT)"));
  implies_tls(command.add_option("--tls-key", options.key_file, "PEM key of --tls-cert (env GANTRY_TLS_KEY)"));
  command.add_flag("--tls-insecure", options.insecure,
                   "with --tls: accept any certificate (env GANTRY_TLS_INSECURE=true)");
}

void add_connection_options(CLI::App& command, ConnectionOptions& options) {
  if (const char* value = std::getenv("NAMESRV_ADDR"); value != nullptr && *value != '\0') options.name_servers = value;
  command.add_option("--namesrv,-n", options.name_servers, "name servers, host:port;host:port (env NAMESRV_ADDR)")
      ->default_str("127.0.0.1:9876");
  add_security_options(command, options);
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
  const auto file = [&](const char* name, const std::string& path) {
    if (!path.empty()) variables[name] = std::filesystem::absolute(path, ignored).string();
  };
  file(kTlsCa, options.ca_file);
  file(kTlsCert, options.certificate_file);
  file(kTlsKey, options.key_file);
  if (options.insecure) variables[kTlsInsecure] = "true";
  return variables;
}

Result<wire::Credentials> parse_keys(std::string_view option, const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
    return fail(Errc::invalid_argument, "{}: expected ACCESS_KEY:SECRET_KEY", option);  // the text may hold a secret
  wire::Credentials keys;
  keys.access_key = text.substr(0, colon);
  keys.secret_key = text.substr(colon + 1);
  return keys;
}

Result<std::optional<wire::Credentials>> credentials_of(const ConnectionOptions& options) {
  if (options.access_key.empty() != options.secret_key.empty()) {
    return fail(Errc::invalid_argument, "--access-key and --secret-key are needed together, only {} is given",
                options.access_key.empty() ? "the secret key" : "the access key");
  }
  std::optional<wire::Credentials> credentials;
  if (!options.access_key.empty()) {
    credentials.emplace();
    credentials->access_key = options.access_key;
    credentials->secret_key = options.secret_key;
  }
  return credentials;
}

Result<std::shared_ptr<net::TlsContext>> tls_of(const ConnectionOptions& options) {
  if (!options.tls) return nullptr;
  net::TlsFiles files;
  files.advice = "--tls-ca FILE names the authority to trust; --tls-insecure accepts any certificate, for a test";
  files.ca_file = options.ca_file;
  files.certificate_file = options.certificate_file;
  files.key_file = options.key_file;
  files.verify_peer = !options.insecure;
  return net::TlsContext::client(files);
}

Result<rocketmq::ClusterConfig> cluster_config(const ConnectionOptions& options) {
  rocketmq::ClusterConfig config;
  config.name_servers = options.name_servers;
  auto credentials = credentials_of(options);
  if (!credentials) return std::unexpected(credentials.error());
  config.credentials = std::move(*credentials);
  auto tls = tls_of(options);
  if (!tls) return std::unexpected(tls.error());
  config.tls = std::move(*tls);
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
