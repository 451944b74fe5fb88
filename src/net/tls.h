// TLS contexts for servers and clients, made from files or from PEM texts (a kubeconfig and a ConfigMap carry them).
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"

namespace gantry::net {

struct TlsFiles {
  std::string certificate_file;  // PEM chain; servers must have it, clients for mTLS
  std::string key_file;          // PEM
  std::string ca_file;           // PEM; servers: clients must show a certificate of it; clients: empty = system's
  bool verify_peer = true;       // clients: false accepts any certificate (RocketMQ's test mode), and is logged
  // PEM texts, each in place of its file.
  std::string certificate_text{}, key_text{}, ca_text{};
  // Servers: a client certificate is asked for, and a client without one is served as well.
  bool client_certificate_optional = false;
  std::string
      advice{};  // clients: what a person may do where a server's certificate is refused; a sentence for the error
};

class TlsContext {
 public:
  static Result<std::shared_ptr<TlsContext>> server(const TlsFiles& files);
  static Result<std::shared_ptr<TlsContext>> client(const TlsFiles& files);
  boost::asio::ssl::context& native() { return context_; }
  // Of our own certificate, for logs: "serial 1F, valid until Nov 24 05:20:00 2026 GMT"; empty: there is none.
  std::string certificate_text() const;
  const std::string& advice() const { return advice_; }
  bool verifies_peer() const { return verify_peer_; }  // clients: then the host name is checked as well

 private:
  TlsContext(boost::asio::ssl::context context, const TlsFiles& files)
      : context_(std::move(context)), verify_peer_(files.verify_peer), advice_(files.advice) {}
  boost::asio::ssl::context context_;
  bool verify_peer_;
  std::string advice_;
};

}  // namespace gantry::net
