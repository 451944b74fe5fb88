#include "controller/certificates.h"

namespace gantry::controller {

Result<Certificates> load_certificates(net::TlsFiles files) {
  std::string missing;
  int absent = 0;
  const std::pair<const std::string&, std::string_view> needed[] = {
      {files.certificate_file, "--tls-cert (tls.certificate)"},
      {files.key_file, "--tls-key (tls.key)"},
      {files.ca_file, "--tls-ca (tls.ca)"}};
  for (const auto& [file, option] : needed) {
    if (!file.empty()) continue;
    ++absent;
    missing += fmt::format("{}{}", missing.empty() ? "" : ", ", option);
  }
  if (absent == 3) return Certificates{};
  if (absent > 0) {
    return fail(Errc::invalid_argument,
                "TLS needs three files: the certificate, its key, and the authority of all controllers' certificates; "
                "not given: {}",
                missing);
  }
  auto peers_in = net::TlsContext::server(files);
  if (!peers_in) return std::unexpected(peers_in.error());
  files.advice =
      "The certificate of each controller must name its host among the peers, and be of the authority in --tls-ca "
      "(tls.ca)";
  auto peers_out = net::TlsContext::client(files);
  if (!peers_out) return std::unexpected(peers_out.error());
  files.client_certificate_optional = true;
  auto clients = net::TlsContext::server(files);
  if (!clients) return std::unexpected(clients.error());
  return Certificates{std::move(*clients), std::move(*peers_in), std::move(*peers_out)};
}

}  // namespace gantry::controller
