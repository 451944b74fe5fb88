#include "scaler/page.h"

#include "rocketmq/identity.h"
#include "scaler/state_json.h"
#include "web_assets.h"

namespace gantry::scaler {
namespace {

constexpr std::string_view kObjects = "/api/scaled-objects";

http::Response serve_list(const ScaledObjects& objects, const Replicas& replicas, const http::Request& request) {
  const auto query = parse_list_query(request.query);
  if (!query) return http::error(query.error());
  return http::json(list_json(objects, replicas, *query, rocketmq::unix_now_ms()));
}

// ".../NAMESPACE/NAME"
http::Response serve_object(const ScaledObjects& objects, const Replicas& replicas, const http::Request& request) {
  const std::string which = request.path.substr(kObjects.size() + 1);
  const std::size_t slash = which.find('/');
  if (slash == std::string::npos) return http::error(404, "expected /api/scaled-objects/NAMESPACE/NAME");
  auto object =
      object_json(objects, replicas, which.substr(0, slash), which.substr(slash + 1), rocketmq::unix_now_ms());
  return object ? http::json(*object) : http::error(object.error());
}

// The assets hold two pages; ours is the one at "/".
std::vector<http::Asset> page_assets() {
  std::vector<http::Asset> assets;
  for (const web::Asset& asset : web::assets()) {
    if (!asset.path.starts_with("/scaler.")) continue;
    const std::string_view path = asset.path == "/scaler.html" ? "/index.html" : asset.path;
    assets.push_back({path, {reinterpret_cast<const char*>(asset.body.data()), asset.body.size()}});
  }
  return assets;
}

}  // namespace

void serve_page(http::Server& server, std::shared_ptr<const ScaledObjects> objects,
                std::function<const Replicas&()> replicas) {
  server.assets(page_assets());
  server.get(std::string(kObjects),
             [=](const http::Request& request) { return serve_list(*objects, replicas(), request); });
  server.get(fmt::format("{}/*", kObjects),
             [=](const http::Request& request) { return serve_object(*objects, replicas(), request); });
  server.get("/healthz", [](const http::Request&) { return http::text("ok\n"); });
}

}  // namespace gantry::scaler
