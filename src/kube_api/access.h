// How the API server is reached and as whom: a pod's own service account, or a kubeconfig file.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "net/tls.h"

namespace gantry::kube_api {

struct Access {
  std::string server;           // "https://10.96.0.1:443", without a slash at the end
  net::TlsFiles tls;            // authorities and client certificate, in files or as text
  std::string tls_server_name;  // that the server's certificate must name; empty: the host
  std::string token;            // sent as a bearer token
  std::string token_file;       // in place of `token`: read again before each request, because it is rotated
  std::string namespace_;       // ours; empty: unknown
};

// Of a pod: KUBERNETES_SERVICE_HOST and _PORT, token, CA and namespace in `directory`. Errors: not_found (this is no pod).
Result<Access> in_cluster(const std::string& directory = "/var/run/secrets/kubernetes.io/serviceaccount");

// context: empty for the current one. Files that it names are relative to its folder. Errors: invalid_argument (what
// cannot be read, and what is not served here: exec and auth-provider plugins), not_found (context, cluster, user).
Result<Access> from_kubeconfig(std::string_view text, const std::string& file, const std::string& context = {});

// The file `kubeconfig`, or the pod's account when it is empty. Never what a shell happens to point at: a server asks the
// API server that it was given. Errors: those of the two; not_found when there is neither.
Result<Access> find_access(const std::string& kubeconfig = {});

}  // namespace gantry::kube_api
