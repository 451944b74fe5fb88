#include "controller/guard.h"

#include <algorithm>

namespace gantry::controller {

Guard::Guard(const Config& config) : operators_(config.operators), by_certificate_(!config.tls.ca_file.empty()) {}

Result<void> Guard::check(const wire::Command& request, const remoting::Peer& from) const {
  if (by_certificate_ && from.certified()) return {};
  const std::string_view key = request.fields.get(wire::kAccessKeyField);
  if (key.empty() || operators_.empty()) {
    return fail(Errc::unauthenticated, "only operators may do this: {}",
                operators_.empty() ? "connect with a TLS certificate of the controllers' authority"
                : by_certificate_  ? "sign the request with an operator's key (ACL), or connect with a TLS certificate"
                                   : "sign the request with an operator's key (ACL)");
  }
  const auto found = std::ranges::find(operators_, key, &wire::Credentials::access_key);
  if (found == operators_.end())
    return fail(Errc::unauthenticated, "no operator with access key {}", key.substr(0, 64));
  return wire::verify(request, *found);
}

}  // namespace gantry::controller
