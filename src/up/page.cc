#include "up/page.h"

#include "base/json_text.h"
#include "web_assets.h"

namespace gantry::up {

Page::Page(boost::asio::io_context& io, const std::string& host, std::uint16_t port, const Show& show, Program program)
    : show_(show), program_(std::move(program)), server_(io, http::ServerConfig{.host = host, .port = port}) {
  std::vector<http::Asset> assets;
  for (const web::Asset& asset : web::assets()) {
    if (asset.path.starts_with("/scaler.")) continue;  // the page of gantry scaler
    assets.push_back({asset.path, {reinterpret_cast<const char*>(asset.body.data()), asset.body.size()}});
  }
  server_.assets(assets);
  server_.get("/api/state", [this](const http::Request&) { return http::json(state_json(show_, program_)); });
  server_.get("/api/history", [this](const http::Request&) { return http::json(history_json(show_)); });
  server_.events("/api/events",
                 [this](const http::Request&, std::shared_ptr<http::EventStream> stream) -> Result<void> {
                   stream->push("state", json_text(state_json(show_, program_)));
                   listeners_.add(std::move(stream));
                   return {};
                 });
}

void Page::push() {
  if (listeners_.size() > 0) listeners_.push("state", json_text(state_json(show_, program_)));
}

}  // namespace gantry::up
