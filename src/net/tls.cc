#include "net/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509err.h>
#include <spdlog/spdlog.h>

#include <boost/asio/buffer.hpp>

namespace gantry::net {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

Error unusable(std::string_view what, const std::string& file, const error_code& error) {
  return {Errc::invalid_argument,
          fmt::format("TLS: cannot use the {} file {}: {}; a PEM file is expected", what, file, error.message())};
}

// Where a PEM came from, for errors.
Error unusable_text(std::string_view what, const error_code& error) {
  return {Errc::invalid_argument, fmt::format("TLS: cannot use the {}: {}; PEM is expected", what, error.message())};
}

// OpenSSL sees it when the key is loaded after the certificate.
bool of_another_certificate(const error_code& error) {
  const auto code = static_cast<unsigned long>(error.value());
  return ERR_GET_LIB(code) == ERR_LIB_X509 && ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH;
}

Result<void> load_identity(ssl::context& context, const TlsFiles& files) {
  error_code error;
  if (!files.certificate_text.empty()) {
    context.use_certificate_chain(boost::asio::buffer(files.certificate_text), error);
    if (error) return std::unexpected(unusable_text("certificate", error));
  } else {
    context.use_certificate_chain_file(files.certificate_file, error);
    if (error) return std::unexpected(unusable("certificate", files.certificate_file, error));
  }
  if (!files.key_text.empty()) {
    context.use_private_key(boost::asio::buffer(files.key_text), ssl::context::pem, error);
    if (error && !of_another_certificate(error)) return std::unexpected(unusable_text("key", error));
  } else {
    context.use_private_key_file(files.key_file, ssl::context::pem, error);
    if (error && !of_another_certificate(error)) return std::unexpected(unusable("key", files.key_file, error));
  }
  if (!error && SSL_CTX_check_private_key(context.native_handle()) == 1) return {};
  ERR_clear_error();
  return fail(Errc::invalid_argument, "TLS: the key in {} is not that of the certificate in {}", files.key_file,
              files.certificate_file);
}

bool has_certificate(const TlsFiles& files) {
  return !files.certificate_file.empty() || !files.certificate_text.empty();
}
bool has_key(const TlsFiles& files) { return !files.key_file.empty() || !files.key_text.empty(); }
bool has_ca(const TlsFiles& files) { return !files.ca_file.empty() || !files.ca_text.empty(); }

const char* missing(const TlsFiles& files) {
  if (has_key(files)) return "the certificate is not given";
  return has_certificate(files) ? "the key is not given" : "neither is given";
}

Result<ssl::context> loaded(ssl::context::method method, const TlsFiles& files) {
  ssl::context context(method);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  if (has_certificate(files)) {
    if (auto done = load_identity(context, files); !done) return std::unexpected(done.error());
  }
  error_code error;
  if (!files.ca_text.empty()) {
    context.add_certificate_authority(boost::asio::buffer(files.ca_text), error);
    if (error) return std::unexpected(unusable_text("CA", error));
  } else if (!files.ca_file.empty()) {
    context.load_verify_file(files.ca_file, error);
    if (error) return std::unexpected(unusable("CA", files.ca_file, error));
  }
  return context;
}

}  // namespace

std::string TlsContext::certificate_text() const {
  const X509* certificate = SSL_CTX_get0_certificate(const_cast<ssl::context&>(context_).native_handle());
  if (certificate == nullptr) return {};
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  BIO_puts(out.get(), "serial ");
  i2a_ASN1_INTEGER(out.get(), X509_get0_serialNumber(certificate));
  BIO_puts(out.get(), ", valid until ");
  ASN1_TIME_print(out.get(), X509_get0_notAfter(certificate));
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Result<std::shared_ptr<TlsContext>> TlsContext::server(const TlsFiles& files) {
  if (!has_certificate(files) || !has_key(files)) {
    return fail(Errc::invalid_argument, "TLS: a server needs a certificate file and a key file; {}", missing(files));
  }
  auto context = loaded(ssl::context::tls_server, files);
  if (!context) return std::unexpected(context.error());
  // a session could be resumed with or without a client certificate check depending on an id context: we use neither
  SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
  // tickets are sessions as well: with them a client that came back would fail, for want of an id context
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context->native_handle(), 0);
  if (has_ca(files)) {
    context->set_verify_mode(files.client_certificate_optional ? ssl::verify_peer
                                                               : ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  }
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(*context), files));
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(const TlsFiles& files) {
  if (has_certificate(files) != has_key(files)) {
    return fail(Errc::invalid_argument, "TLS: a client's certificate needs a certificate file and a key file; {}",
                missing(files));
  }
  auto context = loaded(ssl::context::tls_client, files);
  if (!context) return std::unexpected(context.error());
  if (files.verify_peer) {
    if (!has_ca(files)) {
      error_code error;
      context->set_default_verify_paths(error);
      if (error)
        return fail(Errc::invalid_argument, "TLS: the system's certificates cannot be read: {}", error.message());
    }
    context->set_verify_mode(ssl::verify_peer);
  } else {
    spdlog::warn(
        "TLS: certificates of servers are not verified, as asked; anyone on the way can read and change messages");
    context->set_verify_mode(ssl::verify_none);
  }
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(*context), files));
}

}  // namespace gantry::net
