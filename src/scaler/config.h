// Settings of `gantry scaler`: its YAML file and its listeners. What a team changes at run time (triggers) is in the
// metadata of its ScaledObjects; here is what belongs to the scaler itself.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/config.h"
#include "metrics_api/config.h"
#include "net/endpoint.h"
#include "net/tls.h"
#include "scaler/external_scaler.h"
#include "triggers/credentials.h"

namespace gantry::scaler {

// The file. Defaults are those of the members.
struct Settings {
  GrpcTls grpc_tls;
  struct Rocketmq {
    std::optional<net::TlsFiles> tls;  // for triggers with `tls: enable`; empty: the system's authorities
    std::int64_t reading_max_age_ms = 2'000;
    std::int64_t request_timeout_ms = 2'000;
    std::int64_t reading_timeout_ms = 10'000;
    std::int64_t persistent_lag_after_ms = 30'000;
  } rocketmq;
  std::map<std::string, triggers::NamedCredentials> credentials;
  std::string credentials_directory;               // a folder for each name; empty: none
  std::optional<metrics_api::Config> metrics_api;  // without host and port
  // The cluster whose numbers --metrics-listen exposes beside the scaler's own; empty: none.
  struct Exported {
    std::string name_servers;
    bool tls = false;         // by rocketmq.tls
    std::string credentials;  // by name; empty: none
    exporter::Config config;
  };
  std::optional<Exported> exporter;
};

// Fails with invalid_argument, a line for each problem: "scaler.yaml:3: rocketmq.readingMaxAge: expected a duration ...".
Result<Settings> parse_settings(std::string_view text, std::string_view file);

struct Config {
  Settings settings;
  net::Endpoint grpc{"", 6000};
  std::optional<net::Endpoint> metrics;  // for Prometheus
  std::optional<net::Endpoint> api;      // the metrics API; settings.metrics_api is then set
  std::string kubeconfig;                // empty: see kube_api::find_access
  std::optional<net::Endpoint> http;     // the page
};

}  // namespace gantry::scaler
