// Certificates for tests, made on the spot with OpenSSL, in files that go away with the authority.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "net/tls.h"

namespace gantry::net {

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name) {
    std::string pattern = (std::filesystem::temp_directory_path() / "gantry-certificates-XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    key_ = EVP_EC_gen("P-256");
    certificate_ = make(name, key_, nullptr);
    write(certificate_file(), [&](FILE* file) { PEM_write_X509(file, certificate_); });
  }
  ~TestAuthority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  std::string certificate_file() const { return directory_ / "authority.pem"; }
  std::filesystem::path directory() const { return directory_; }

  // A certificate for that DNS name. ca_file is left empty.
  TlsFiles issue(const std::string& name) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = make(name, key, certificate_);
    const std::string stem = (directory_ / std::to_string(++issued_)).string();
    TlsFiles files{stem + ".pem", stem + ".key", "", true};
    write(files.certificate_file, [&](FILE* file) { PEM_write_X509(file, certificate); });
    write(files.key_file, [&](FILE* file) { PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr); });
    X509_free(certificate);
    EVP_PKEY_free(key);
    return files;
  }

 private:
  X509* make(const std::string& name, EVP_PKEY* key, X509* issuer) {
    X509* certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                               -1, 0);
    X509_set_issuer_name(certificate, issuer != nullptr ? X509_get_subject_name(issuer) : subject);
    if (issuer == nullptr) {
      extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
    } else if (name.find(' ') == std::string::npos) {
      extend(certificate, NID_subject_alt_name, "DNS:" + name);
    }
    X509_sign(certificate, issuer != nullptr ? key_ : key, EVP_sha256());
    return certificate;
  }

  static void extend(X509* certificate, int nid, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  template <class Write>
  static void write(const std::string& path, Write what) {
    FILE* file = std::fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr);
    what(file);
    std::fclose(file);
  }

  std::filesystem::path directory_;
  EVP_PKEY* key_ = nullptr;
  X509* certificate_ = nullptr;
  long serial_ = 0;
  int issued_ = 0;
};

}  // namespace gantry::net
