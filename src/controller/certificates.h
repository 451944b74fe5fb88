// What a controller makes of its TLS files: one context for each part in which it stands.
#pragma once

#include <memory>

#include "base/error.h"
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

}  // namespace gantry::controller
