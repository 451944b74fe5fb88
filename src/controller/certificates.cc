#include "controller/certificates.h"

namespace gantry::controller {

Result<Certificates> load_certificates(net::TlsFiles files) {
  const int given = !files.certificate_file.empty() + !files.key_file.empty() + !files.ca_file.empty();
  if (given == 0) return Certificates{};
  if (given < 3) {
    return fail(Errc::invalid_argument,
                "TLS needs three files: the certificate, its key, and the authority of all controllers' certificates");
  }
  auto peers_in = net::TlsContext::server(files);
  if (!peers_in) return std::unexpected(peers_in.error());
  auto peers_out = net::TlsContext::client(files);
  if (!peers_out) return std::unexpected(peers_out.error());
  files.client_certificate_optional = true;
  auto clients = net::TlsContext::server(files);
  if (!clients) return std::unexpected(clients.error());
  return Certificates{std::move(*clients), std::move(*peers_in), std::move(*peers_out)};
}

}  // namespace gantry::controller
