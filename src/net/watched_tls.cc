#include "net/watched_tls.h"

#include <spdlog/spdlog.h>

namespace gantry::net {

Result<std::shared_ptr<WatchedTls>> WatchedTls::server(TlsFiles files) {
  auto watched = std::make_shared<WatchedTls>(std::move(files));
  if (auto loaded = watched->load(); !loaded) return std::unexpected(loaded.error());
  watched->looked_ = Clock::now();
  return watched;
}

Result<void> WatchedTls::load() {
  auto before = FileStamps::of(files_);  // a change while they are read is seen next time
  auto context = TlsContext::server(files_);
  loaded_ = std::move(before);
  if (!context) return std::unexpected(context.error());
  context_ = std::move(*context);
  return {};
}

std::shared_ptr<TlsContext> WatchedTls::current(Clock::time_point now) {
  if (now - looked_ < kLookInterval) return context_;
  looked_ = now;
  if (FileStamps::of(files_) == loaded_) return context_;
  if (auto loaded = load(); !loaded) {
    spdlog::warn("{}; the one in use stays", loaded.error().message);
  } else {
    spdlog::info("TLS: read {} again, because its files have changed", files_.certificate_file);
  }
  return context_;
}

Result<void> WatchedTls::use_ca_text(std::string pem) {
  if (pem == files_.ca_text) return {};
  std::swap(files_.ca_text, pem);
  auto loaded = load();
  if (!loaded) std::swap(files_.ca_text, pem);
  return loaded;
}

}  // namespace gantry::net
