#include "net/certificate_check.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <utility>

namespace gantry::net {

namespace {

constexpr std::size_t kNamesShown = 10;

// What came from the other side, for a line of a log.
std::string printable(std::string text) {
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c > 0x7e; }, '?');
  return text.substr(0, 253);
}

std::string common_name(X509_NAME* name) {
  char text[256] = {};
  return X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof(text)) > 0 ? printable(text) : "no common name";
}

std::string alternative(const GENERAL_NAME& name) {
  if (name.type == GEN_DNS) {
    return printable(std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name.d.dNSName)),
                                 static_cast<std::size_t>(ASN1_STRING_length(name.d.dNSName))));
  }
  if (name.type != GEN_IPADD) return {};
  const unsigned char* bytes = ASN1_STRING_get0_data(name.d.iPAddress);
  if (ASN1_STRING_length(name.d.iPAddress) == 4) {
    boost::asio::ip::address_v4::bytes_type v4;
    std::copy_n(bytes, v4.size(), v4.begin());
    return boost::asio::ip::address_v4(v4).to_string();
  }
  if (ASN1_STRING_length(name.d.iPAddress) != 16) return {};
  boost::asio::ip::address_v6::bytes_type v6;
  std::copy_n(bytes, v6.size(), v6.begin());
  return boost::asio::ip::address_v6(v6).to_string();
}

// "a, b and 3 more": the names and addresses for which it was issued; those of RFC 6125 first, else its common name.
std::string names_of(X509* certificate) {
  std::string names;
  std::size_t count = 0;
  auto* all = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all); ++i) {
    const std::string name = alternative(*sk_GENERAL_NAME_value(all, i));
    if (name.empty() || ++count > kNamesShown) continue;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  }
  GENERAL_NAMES_free(all);
  if (count > kNamesShown) names += fmt::format(" and {} more", count - kNamesShown);
  if (!names.empty()) return names;
  return fmt::format("nothing but its common name, {}", common_name(X509_get_subject_name(certificate)));
}

std::string wrong_name(X509* certificate, const std::string& host) {
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  return fmt::format(
      "its certificate is for {}, and {} was asked for: ask by a name that it has, or issue it with the "
      "subjectAltName {}:{}",
      names_of(certificate), host, not_an_address ? "DNS" : "IP", host);
}

std::string not_verified(X509_STORE_CTX* context) {
  const int error = X509_STORE_CTX_get_error(context);
  X509* certificate = X509_STORE_CTX_get_current_cert(context);
  if (certificate == nullptr) return X509_verify_cert_error_string(error);
  return fmt::format("its certificate ({}, issued by {}) is refused: {}",
                     common_name(X509_get_subject_name(certificate)), common_name(X509_get_issuer_name(certificate)),
                     X509_verify_cert_error_string(error));
}

}  // namespace

CertificateCheck::CertificateCheck(std::string host) : host_(std::move(host)) {}

bool CertificateCheck::operator()(bool preverified, boost::asio::ssl::verify_context& context) const {
  X509_STORE_CTX* native = context.native_handle();
  if (!preverified) {
    *refused_ = not_verified(native);
    return false;
  }
  if (host_.empty() || boost::asio::ssl::host_name_verification(host_)(preverified, context)) return true;
  *refused_ = wrong_name(X509_STORE_CTX_get_current_cert(native), host_);
  X509_STORE_CTX_set_error(native, X509_V_ERR_HOSTNAME_MISMATCH);  // the alert that the other side gets
  return false;
}

std::string CertificateCheck::failure(const boost::system::error_code& error, const std::string& advice) const {
  if (!refused_->empty())
    return fmt::format("the TLS handshake failed: {}{}{}", *refused_, advice.empty() ? "" : ". ", advice);
  if (error.category() == boost::asio::error::get_ssl_category() &&
      ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_WRONG_VERSION_NUMBER) {
    return fmt::format("the TLS handshake failed: the other side speaks no TLS ({})", error.message());
  }
  return fmt::format("the TLS handshake failed: {}", error.message());
}

}  // namespace gantry::net
