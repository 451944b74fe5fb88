// Who may do what only operators may (table.h): whoever signs with the key of one, or shows a certificate of our authority.
#pragma once

#include "base/error.h"
#include "controller/config.h"
#include "remoting/server.h"

namespace gantry::controller {

class Guard {
 public:
  explicit Guard(const Config& config);

  bool enabled() const { return !operators_.empty() || by_certificate_; }
  // unauthenticated: neither signature nor certificate, or a wrong one; the message says what to do, and no secret.
  Result<void> check(const wire::Command& request, const remoting::Peer& from) const;

 private:
  std::vector<wire::Credentials> operators_;
  bool by_certificate_;
};

}  // namespace gantry::controller
