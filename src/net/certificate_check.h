// Why a TLS handshake failed, in words: OpenSSL says "certificate verify failed" for a name that is missing in the
// certificate, for an authority that is not trusted and for a date that has passed. One of these stands beside one
// handshake: given to the stream as its verify callback, and asked when it has failed.
#pragma once

#include <boost/asio/ssl/verify_context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>

namespace gantry::net {

class CertificateCheck {
 public:
  CertificateCheck() : CertificateCheck(std::string()) {}
  // `host`: a name or an address that the certificate must have (RFC 6125, by Asio's rule); empty: any, as for clients.
  explicit CertificateCheck(std::string host);

  bool operator()(bool preverified, boost::asio::ssl::verify_context& context) const;

  // A sentence without its end. `advice`: as of TlsFiles; added where a certificate was refused.
  std::string failure(const boost::system::error_code& error, const std::string& advice = {}) const;

 private:
  std::string host_;
  std::shared_ptr<std::string> refused_ = std::make_shared<std::string>();  // copies of a callback share it
};

}  // namespace gantry::net
