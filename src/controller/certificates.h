// What a controller makes of its TLS files: one context for each part in which it stands, and the same for files that are
// renewed while it runs.
#pragma once

#include <chrono>
#include <memory>

#include "base/error.h"
#include "net/file_stamps.h"
#include "net/tls.h"

namespace gantry::controller {

// All null: no TLS.
struct Certificates {
  std::shared_ptr<net::TlsContext> clients;   // as a server of brokers and operators, who may show a certificate
  std::shared_ptr<net::TlsContext> peers_in;  // as a server of other controllers, who must
  std::shared_ptr<net::TlsContext> peers_out;
};

// Errors: invalid_argument, naming the file, or what is missing of certificate, key and authority.
Result<Certificates> load_certificates(net::TlsFiles files);

// Follows the files: all parts change together, or none does. For one thread, which tells the others.
class WatchedCertificates {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kLookInterval{1'000};

  static Result<WatchedCertificates> load(net::TlsFiles files);
  const Certificates& current() const { return current_; }

  // To be called often; looks once in the interval. True: current() is another one. Files that have changed are read when they
  // were the same at two looks, since a renewal writes one after the other. Those that cannot be used, or do not fit
  // together, leave what was good in use, with one line in the log.
  bool look(Clock::time_point now = Clock::now());

 private:
  net::TlsFiles files_;
  Certificates current_;
  net::FileStamps read_, seen_;
  Clock::time_point next_look_{};
};

}  // namespace gantry::controller
