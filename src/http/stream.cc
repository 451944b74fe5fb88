#include "http/stream.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gantry::http {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

std::vector<std::string> entries_of(X509_NAME* name, int nid) {
  std::vector<std::string> values;
  for (int at = X509_NAME_get_index_by_NID(name, nid, -1); at >= 0; at = X509_NAME_get_index_by_NID(name, nid, at)) {
    unsigned char* text = nullptr;
    const int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (length >= 0) values.emplace_back(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length));
    OPENSSL_free(text);
  }
  return values;
}

}  // namespace

Stream::Stream(asio::ip::tcp::socket socket, std::shared_ptr<net::TlsContext> tls)
    : tcp_(std::move(socket)), context_(std::move(tls)) {
  if (context_) tls_.emplace(tcp_, context_->native());
}

asio::awaitable<error_code> Stream::accept_handshake() {
  error_code error;
  if (!tls_) co_return error;
  if ((SSL_get_verify_mode(tls_->native_handle()) & SSL_VERIFY_FAIL_IF_NO_PEER_CERT) == 0) {
    // asked for and not demanded: what is wrong with it is for the handlers to say, in words that the client can read
    tls_->set_verify_callback([this](bool verified, ssl::verify_context& context) {
      if (!verified && refused_.empty()) {
        refused_ = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.native_handle()));
      }
      return true;
    });
  }
  co_await tls_->async_handshake(ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

asio::awaitable<error_code> Stream::connect_handshake(std::string host) {
  error_code error;
  if (!tls_) co_return error;
  error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (not_an_address) SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());  // RFC 6066 3: names only
  if (context_->verifies_peer()) tls_->set_verify_callback(ssl::host_name_verification(host));
  co_await tls_->async_handshake(ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

void Stream::read_some(asio::mutable_buffer to, Done done) {
  if (tls_) return tls_->async_read_some(to, std::move(done));
  tcp_.async_read_some(to, std::move(done));
}

void Stream::write_some(asio::const_buffer from, Done done) {
  if (tls_) return tls_->async_write_some(from, std::move(done));
  tcp_.async_write_some(from, std::move(done));
}

std::optional<PeerCertificate> Stream::peer() {
  if (!tls_) return std::nullopt;
  X509* certificate = SSL_get1_peer_certificate(tls_->native_handle());
  if (certificate == nullptr) return std::nullopt;
  PeerCertificate peer;
  X509_NAME* subject = X509_get_subject_name(certificate);
  const auto names = entries_of(subject, NID_commonName);
  if (!names.empty()) peer.common_name = names.back();  // the last is the most specific one, as Go takes it
  peer.organizations = entries_of(subject, NID_organizationName);
  const long result = SSL_get_verify_result(tls_->native_handle());
  if (SSL_get_verify_mode(tls_->native_handle()) == SSL_VERIFY_NONE) {
    peer.not_verified = "no authority is configured";
  } else if (!refused_.empty()) {
    peer.not_verified = refused_;
  } else if (result != X509_V_OK) {
    peer.not_verified = X509_verify_cert_error_string(result);
  }
  X509_free(certificate);
  return peer;
}

asio::awaitable<void> Stream::shutdown() {
  error_code ignored;
  if (tls_) co_await tls_->async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
  tcp_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  tcp_.close();
}

}  // namespace gantry::http
