#include "http/router.h"

#include "http/content.h"

namespace gantry::http {

namespace {

// Made once, at registration: tag, type and, where it saves something, the compressed form.
struct Prepared {
  std::string_view content;
  std::string content_type;
  std::string etag;
  std::optional<std::string> compressed;
};

Response serve(const Prepared& asset, const Request& request) {
  Response response;
  response.content_type = asset.content_type;
  response.headers = {{"ETag", asset.etag}, {"Cache-Control", "no-cache"}, {"Vary", "Accept-Encoding"}};
  if (matches_etag(request.header("if-none-match"), asset.etag)) {
    response.status = 304;
  } else if (asset.compressed && accepts_gzip(request.header("accept-encoding"))) {
    response.body = *asset.compressed;
    response.headers.emplace_back("Content-Encoding", "gzip");
  } else {
    response.body.assign(asset.content);
  }
  return response;
}

}  // namespace

void Router::add(std::string method, std::string path, Route route) {
  auto& paths = path.ends_with('*') ? prefixes_ : exact_;
  if (path.ends_with('*')) path.pop_back();
  paths[std::move(path)].insert_or_assign(std::move(method), std::move(route));
}

void Router::add_asset(const Asset& asset) {
  auto prepared = std::make_shared<Prepared>(
      Prepared{asset.content, std::string(content_type_of(asset.path)), etag_of(asset.content), std::nullopt});
  if (is_compressible(prepared->content_type)) {
    auto compressed = gzip(asset.content, 9);
    if (compressed && compressed->size() < asset.content.size()) prepared->compressed = std::move(compressed);
  }
  const Handler handler = [prepared](const Request& request) { return serve(*prepared, request); };
  const std::string path(asset.path);
  add("GET", path, handler);
  constexpr std::string_view kIndex = "index.html";
  if (path.ends_with("/index.html")) add("GET", path.substr(0, path.size() - kIndex.size()), handler);
}

const Router::Methods* Router::methods_of(std::string_view path) const {
  if (const auto found = exact_.find(path); found != exact_.end()) return &found->second;
  const Methods* longest = nullptr;  // the map is ordered, so of two prefixes of one path the longer comes later
  for (const auto& [prefix, methods] : prefixes_) {
    if (path.starts_with(prefix)) longest = &methods;
  }
  return longest;
}

const Router::Route* Router::find(std::string_view method, std::string_view path, std::string* allowed) const {
  const Methods* methods = methods_of(path);
  if (methods == nullptr) return nullptr;
  const auto found = methods->find(method);
  if (found != methods->end()) return &found->second;
  for (const auto& [name, route] : *methods) *allowed += (allowed->empty() ? "" : ", ") + name;
  return nullptr;
}

}  // namespace gantry::http
