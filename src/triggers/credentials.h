// Credentials of RocketMQ clusters by name, so that a trigger's metadata carries a name and no secret. They come from the
// scaler's configuration or from a directory with a folder for each name (a mounted Secret): files accessKey and
// secretKey. Files are read again when they change, so a rotated Secret needs no restart.
#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "wire/signature.h"

namespace gantry::triggers {

class Credentials {
 public:
  static constexpr std::size_t kFileBytesMax = 4'096;

  // directory: empty for none.
  Credentials(std::map<std::string, wire::Credentials> configured, std::string directory)
      : configured_(std::move(configured)), directory_(std::move(directory)) {}

  // Two small files are read at each call for a name that is not configured: a call is made once a reading, not once a
  // request. not_found: no such name; unavailable: a file that is missing, empty or too large. No error holds a secret.
  Result<wire::Credentials> find(const std::string& name) const;

 private:
  std::map<std::string, wire::Credentials> configured_;
  std::string directory_;
};

}  // namespace gantry::triggers
