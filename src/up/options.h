// What `gantry up` is asked to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/endpoint.h"
#include "net/tls.h"

namespace gantry::up {

struct Options {
  std::vector<std::string> files;           // Kubernetes YAML; none: the example that is built in
  std::optional<std::string> name_servers;  // an existing cluster, instead of the embedded broker and of the manifest's
  std::string access_key;                   // ACL of that cluster; empty: none
  std::string secret_key;
  std::shared_ptr<net::TlsContext> tls;  // of that cluster; null: plain
  // The same as gantry's commands read it from their environment, for workers: keys are never on a command line.
  std::map<std::string, std::string> worker_environment;
  std::string http_host = "127.0.0.1";  // where the page is served
  std::uint16_t http_port = 8088;       // 0: any free port, which is printed
  bool generate = false;                // send the YAML's burst to a cluster that is not embedded, too
  std::string data_dir;                 // of the embedded broker; empty: a temporary one, removed at the end
  net::Endpoint namesrv_listen{"127.0.0.1", 9876};  // of the embedded name server and broker; port 0: any free one
  net::Endpoint broker_listen{"127.0.0.1", 10911};
  std::string advertised_host;  // by which clients reach the embedded broker; empty: what it listens on
  // Names of options that were given and mean the embedded broker: refused when there is none.
  std::vector<std::string> embedded_only;
  std::optional<std::chrono::seconds> duration;  // headless: at most that long, then stop
  std::string report_file;                       // JSON with samples and the verdict; empty: none
  std::string version;                           // shown on the page
};

}  // namespace gantry::up
