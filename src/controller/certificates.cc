#include "controller/certificates.h"

#include <spdlog/spdlog.h>

#include <utility>

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

Result<WatchedCertificates> WatchedCertificates::load(net::TlsFiles files) {
  WatchedCertificates watched;
  watched.read_ = watched.seen_ = net::FileStamps::of(files);  // a change while they are read is seen at the next look
  auto certificates = load_certificates(files);
  if (!certificates) return std::unexpected(certificates.error());
  watched.current_ = std::move(*certificates);
  watched.files_ = std::move(files);
  return watched;
}

bool WatchedCertificates::look(Clock::time_point now) {
  if (!current_.clients || now < next_look_) return false;
  next_look_ = now + kLookInterval;
  const auto stamps = net::FileStamps::of(files_);
  const bool settled = std::exchange(seen_, stamps) == stamps;
  if (stamps == read_ || !settled) return false;
  read_ = stamps;
  auto certificates = load_certificates(files_);
  if (!certificates) {
    spdlog::warn("{}; the certificate in use stays: {}", certificates.error().message,
                 current_.clients->certificate_text());
    return false;
  }
  current_ = std::move(*certificates);
  spdlog::info("TLS: read {} again, because its files have changed; new connections get the certificate with {}",
               files_.certificate_file, current_.clients->certificate_text());
  return true;
}

}  // namespace gantry::controller
