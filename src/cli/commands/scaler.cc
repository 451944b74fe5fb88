// gantry scaler: the options of the scaler that a cluster runs beside KEDA or the HPA.
#include <array>
#include <fstream>
#include <iostream>

#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "net/endpoint.h"
#include "scaler/command.h"
#include "scaler/preflight.h"

namespace gantry::cli {
namespace {

struct ScalerOptions {
  std::string config_file;
  std::string grpc_listen = ":6000";
  std::string metrics_listen;
  std::string api_listen;
  std::string kubeconfig;
  std::string http;
  bool check = false;
};

constexpr std::size_t kConfigBytesMax = 1 << 20;

Result<std::string> read_config(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file)
    return fail(Errc::invalid_argument, "--config: {} cannot be opened: {}", name,
                std::generic_category().message(errno));
  std::string text(kConfigBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad() || text.size() > kConfigBytesMax)
    return fail(Errc::invalid_argument, "--config: {} cannot be read, or is larger than 1 MiB", name);
  return text;
}

Result<std::optional<net::Endpoint>> listener(const char* option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  auto endpoint = net::parse_listen_endpoint(text);
  if (!endpoint) return std::unexpected(in_context(option, endpoint.error()));
  return *endpoint;
}

Result<scaler::Config> to_config(const ScalerOptions& options) {
  scaler::Config config;
  if (!options.config_file.empty()) {
    auto text = read_config(options.config_file);
    if (!text) return std::unexpected(text.error());
    auto settings = scaler::parse_settings(*text, options.config_file);
    if (!settings) return std::unexpected(settings.error());
    config.settings = std::move(*settings);
  }
  auto grpc = listener("--grpc-listen", options.grpc_listen);
  if (!grpc) return std::unexpected(grpc.error());
  if (*grpc) config.grpc = **grpc;
  auto metrics = listener("--metrics-listen", options.metrics_listen);
  if (!metrics) return std::unexpected(metrics.error());
  config.metrics = *metrics;
  auto api = listener("--api-listen", options.api_listen);
  if (!api) return std::unexpected(api.error());
  config.api = *api;
  if (config.api && !config.settings.metrics_api) {
    return fail(Errc::invalid_argument,
                "--api-listen: expected the section metricsApi in the file of --config, got none");
  }
  config.kubeconfig = options.kubeconfig;
  auto http = listener("--http", options.http);
  if (!http) return std::unexpected(http.error());
  config.http = *http;
  return config;
}

}  // namespace

void declare_scaler(CLI::App& command, Invocation& invocation) {
  auto options = std::make_shared<ScalerOptions>();
  command.add_option("--config", options->config_file, "YAML file: TLS, credentials, time limits; see docs/scaler.md");
  command.add_option("--grpc-listen", options->grpc_listen, "address of the KEDA external scaler (port 0: any)")
      ->capture_default_str();
  command.add_option("--metrics-listen", options->metrics_listen,
                     "address of /metrics for Prometheus (default: none): the scaler's own numbers, and those of the "
                     "cluster in the section exporter");
  command.add_option("--api-listen", options->api_listen,
                     "address of the metrics API for the HPA (default: none); see docs/metrics-api.md");
  command.add_option("--kubeconfig", options->kubeconfig,
                     "how the API server is reached (default: the account of the pod that it runs in)");
  command.add_option("--http", options->http, "address of the page of scaled objects (default: none)");
  command.add_flag("--check", options->check,
                   "only read the configuration and the files that it names, and say what is wrong");
  command.callback([options, &invocation] {
    invocation.run = [options] {
      auto config = to_config(*options);
      if (!config) return report(config.error());
      if (options->check) {
        if (auto checked = scaler::check_files(config->settings); !checked) return report(checked.error());
        for (const std::string& sentence : scaler::without_effect(*config)) fmt::print(stderr, "note: {}\n", sentence);
        fmt::print("ok\n");
        return 0;
      }
      return scaler::run_scaler(std::move(*config));
    };
  });
}

}  // namespace gantry::cli
