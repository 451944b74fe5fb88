#include "net/watched_tls.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

namespace gantry::net {

Result<std::shared_ptr<WatchedTls>> WatchedTls::server(TlsFiles files) {
  auto watched = std::make_shared<WatchedTls>(std::move(files));
  if (auto loaded = watched->load(); !loaded) return std::unexpected(loaded.error());
  watched->looked_ = Clock::now();
  return watched;
}

std::vector<WatchedTls::Stamp> WatchedTls::stamps() const {
  std::vector<Stamp> stamps;
  for (const std::string* file : {&files_.certificate_file, &files_.key_file, &files_.ca_file}) {
    Stamp& stamp = stamps.emplace_back();
    struct stat found = {};
    if (file->empty() || stat(file->c_str(), &found) != 0) continue;
    stamp.inode = found.st_ino;
    stamp.size = found.st_size;
    stamp.changed_ns = found.st_mtim.tv_sec * 1'000'000'000LL + found.st_mtim.tv_nsec;
  }
  return stamps;
}

Result<void> WatchedTls::load() {
  auto before = stamps();  // a change while they are read is seen next time
  auto context = TlsContext::server(files_);
  loaded_ = std::move(before);
  if (!context) return std::unexpected(context.error());
  context_ = std::move(*context);
  return {};
}

std::shared_ptr<TlsContext> WatchedTls::current(Clock::time_point now) {
  if (now - looked_ < kLookInterval) return context_;
  looked_ = now;
  if (stamps() == loaded_) return context_;
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
