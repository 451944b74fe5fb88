// Serves the exporter's text at /metrics of an HTTP server.
#pragma once

#include <memory>

#include "exporter/exporter.h"
#include "http/server.h"

namespace gantry::exporter {

// Before Server::start(). `exporter` must live as long as the server answers.
inline void serve_metrics(http::Server& server, const Exporter& exporter) {
  server.get("/metrics", [&exporter](const http::Request&) {
    http::Response response = http::text(exporter.text());
    response.content_type = kContentType;
    return response;
  });
}

}  // namespace gantry::exporter
