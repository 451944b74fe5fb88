#include "scaler/preflight.h"

#include <filesystem>

#include "net/watched_tls.h"

namespace gantry::scaler {
namespace {

Result<void> check_server(const char* what, std::string certificate, std::string key, std::string ca) {
  if (certificate.empty()) return {};
  net::TlsFiles files;
  files.certificate_file = std::move(certificate);
  files.key_file = std::move(key);
  files.ca_file = std::move(ca);
  auto tls = net::TlsContext::server(files);
  if (!tls) return std::unexpected(in_context(what, tls.error()));
  return {};
}

}  // namespace

Result<gantry::wire::Credentials> exporter_credentials(const Settings& settings) {
  const triggers::Credentials credentials(settings.credentials, settings.credentials_directory);
  return credentials.find(settings.exporter->credentials, {std::nullopt, {}});
}

Result<void> check_files(const Settings& settings) {
  const GrpcTls& grpc = settings.grpc_tls;
  if (auto ok = check_server("grpc.tls", grpc.certificate_file, grpc.key_file, grpc.client_ca_file); !ok) return ok;
  if (settings.metrics_api) {
    const metrics_api::Config& api = *settings.metrics_api;
    auto ok = check_server("metricsApi.tls", api.certificate_file, api.key_file, api.request_header.client_ca_file);
    if (!ok) return ok;
  }
  if (settings.rocketmq.tls) {
    if (auto tls = net::TlsContext::client(*settings.rocketmq.tls); !tls)
      return std::unexpected(in_context("rocketmq.tls", tls.error()));
  }
  std::error_code error;
  if (!settings.credentials_directory.empty() &&
      !std::filesystem::is_directory(settings.credentials_directory, error)) {
    return fail(Errc::invalid_argument, "credentials.directory: expected a directory, got {}{}",
                settings.credentials_directory, error ? ": " + error.message() : "");
  }
  if (settings.exporter && !settings.exporter->credentials.empty()) {
    auto found = exporter_credentials(settings);
    if (!found) return fail(Errc::invalid_argument, "exporter.credentials: {}", found.error().message);
  }
  return {};
}

std::vector<std::string> without_effect(const Config& config) {
  std::vector<std::string> sentences;
  if (config.settings.exporter && !config.metrics)
    sentences.push_back("the section exporter has no effect without --metrics-listen");
  if (config.settings.metrics_api && !config.api)
    sentences.push_back("the section metricsApi has no effect without --api-listen");
  if (!config.kubeconfig.empty() && !config.http && !config.api)
    sentences.push_back("--kubeconfig has no effect without --http or --api-listen");
  return sentences;
}

}  // namespace gantry::scaler
