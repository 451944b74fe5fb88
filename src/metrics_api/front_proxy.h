// Who may ask the metrics API: the API server's aggregation layer, known by its client certificate, and the user that it
// speaks for, whom it has authenticated and whose rights it has checked. Anybody else could claim to be any user in a
// header, so no header is believed without the certificate. Rule: k8s.io/apiserver's requestheader authenticator.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace gantry::metrics_api {

struct FrontProxy {
  std::string client_ca;                // PEM, as the ConfigMap carries it; empty: a file has it
  std::set<std::string> allowed_names;  // empty: any certificate that verifies
  std::vector<std::string> username_headers{"X-Remote-User"};

  // The user. The authority is that of the TLS context that verified the certificate. Errors: unauthenticated (no
  // certificate, one of another authority, no user), permission_denied (its name is not among those allowed).
  Result<std::string> admit(const http::Request& request) const;
};

// Out of the data of ConfigMap kube-system/extension-apiserver-authentication. Errors: not_found (the API server has no
// aggregation layer configured), corrupt.
Result<FrontProxy> front_proxy_of(const std::map<std::string, std::string>& data);

}  // namespace gantry::metrics_api
