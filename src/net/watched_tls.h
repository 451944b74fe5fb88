// A server's TLS context that follows its files: a certificate that is renewed (a mounted Secret, cert-manager) is used for
// the connections that come after, and those that are open stay. Looks at the files when a connection comes, at most once
// a second, so it needs no timer. Files that do not fit together, as in the middle of a renewal, leave what was good in
// use, with a line in the log. For one thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "net/file_stamps.h"
#include "net/tls.h"

namespace gantry::net {

class WatchedTls {
 public:
  using Clock = std::chrono::steady_clock;

  // Errors: as TlsContext::server.
  static Result<std::shared_ptr<WatchedTls>> server(TlsFiles files);

  std::shared_ptr<TlsContext> current(Clock::time_point now = Clock::now());
  // Other authorities for client certificates, as PEM. On an error nothing changes.
  Result<void> use_ca_text(std::string pem);

  explicit WatchedTls(TlsFiles files) : files_(std::move(files)) {}  // use server()

 private:
  Result<void> load();

  static constexpr std::chrono::milliseconds kLookInterval{1'000};
  TlsFiles files_;
  std::shared_ptr<TlsContext> context_;
  FileStamps loaded_;
  Clock::time_point looked_{};
};

}  // namespace gantry::net
