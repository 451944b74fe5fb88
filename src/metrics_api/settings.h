// The YAML of the metrics API: the section `metricsApi` of the scaler's configuration, as a schema with its errors.
#pragma once

#include "kube/schema.h"
#include "metrics_api/config.h"

namespace gantry::metrics_api {

// tls (certificate, key), requestHeader (clientCa, allowedNames, usernameHeaders), defaultCluster,
// watchPods, podNamespace, podSelector, clusters[] (name, metadata, namespaces), metrics[] (name, unit, cluster, metadata, namespaces, objects).
kube::Reader<Config> config_reader();

// The section alone, as a document. The error holds every problem, one a line, with file and line.
Result<Config> read_config(std::string_view text, std::string_view file);

}  // namespace gantry::metrics_api
