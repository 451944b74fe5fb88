// Serves the exporter's text at /metrics of an HTTP server, and a link to it at /.
#pragma once

#include <memory>

#include "exporter/exporter.h"
#include "http/server.h"
#include "prometheus/text_writer.h"

namespace gantry::exporter {

// For people who open the port in a browser.
inline http::Response link_to_metrics(const http::Request&) {
  http::Response response = http::text("<!doctype html><title>Gantry</title><a href=\"metrics\">metrics</a>\n");
  response.content_type = "text/html; charset=utf-8";
  return response;
}

// Before Server::start(). `exporter` must live as long as the server answers.
inline void serve_metrics(http::Server& server, const Exporter& exporter) {
  server.get("/metrics", [&exporter](const http::Request&) {
    http::Response response = http::text(exporter.text());
    response.content_type = prometheus::kContentType;
    return response;
  });
  server.get("/", link_to_metrics);
}

}  // namespace gantry::exporter
