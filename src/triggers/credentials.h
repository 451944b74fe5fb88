// Credentials of RocketMQ clusters by name, so that a trigger's metadata carries a name and no secret. They come from the
// scaler's configuration or from a directory with a folder for each name (a mounted Secret): files accessKey and
// secretKey, and, for a name that is not for everybody, namespaces and nameServers. Files are read again when they change,
// so a rotated Secret needs no restart.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "wire/signature.h"

namespace gantry::triggers {

// Who writes a ScaledObject chooses the name servers, and a signed request tells them what they can repeat elsewhere.
struct NamedCredentials {
  wire::Credentials keys;
  std::set<std::string> namespaces;    // of the objects that may use them; empty: any
  std::set<std::string> name_servers;  // "host:port" that they may be shown to; empty: any
};

// What credentials are wanted for.
struct CredentialsUse {
  std::optional<std::string> namespace_;  // of the object that asks; nullopt: the scaler's own configuration, which may
  std::vector<std::string> name_servers;  // "host:port"
};

// Errors: permission_denied, which does not tell who else may.
Result<void> check_use(const std::string& name, const NamedCredentials& credentials, const CredentialsUse& use);

class Credentials {
 public:
  static constexpr std::size_t kFileBytesMax = 4'096;

  // directory: empty for none.
  Credentials(std::map<std::string, NamedCredentials> configured, std::string directory)
      : configured_(std::move(configured)), directory_(std::move(directory)) {}

  // Small files are read at each call for a name that is not configured: a call is made once a reading, not once a
  // request. not_found: no such name; unavailable: a file that is missing, empty or too large; permission_denied. No error
  // holds a secret.
  Result<wire::Credentials> find(const std::string& name, const CredentialsUse& use) const;

 private:
  std::map<std::string, NamedCredentials> configured_;
  std::string directory_;
};

}  // namespace gantry::triggers
