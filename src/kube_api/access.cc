#include "kube_api/access.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "kube/node.h"
#include "kube/scalar.h"

namespace gantry::kube_api {
namespace {

using kube::Node;

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) return fail(Errc::not_found, "{} cannot be read", path);
  return std::move(text).str();
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

class Kubeconfig {
 public:
  Kubeconfig(const Node& root, std::string file) : root_(root), file_(std::move(file)) {}

  Result<Access> access(const std::string& wanted) const {
    const std::string context_name = wanted.empty() ? text(root_, "current-context") : wanted;
    if (context_name.empty()) return fail(Errc::not_found, "{}: expected current-context, got nothing", file_);
    auto context = entry("contexts", "context", context_name);
    if (!context) return std::unexpected(context.error());
    auto cluster = entry("clusters", "cluster", text(**context, "cluster"));
    if (!cluster) return std::unexpected(cluster.error());
    auto user = entry("users", "user", text(**context, "user"));
    if (!user) return std::unexpected(user.error());
    Access access;
    access.namespace_ = text(**context, "namespace");
    if (auto read = read_cluster(**cluster, access); !read) return std::unexpected(read.error());
    if (auto read = read_user(**user, access); !read) return std::unexpected(read.error());
    return access;
  }

 private:
  static std::string text(const Node& node, std::string_view key) {
    const Node* value = node.find(key);
    return value != nullptr && value->kind == Node::Kind::scalar ? value->text : "";
  }

  // clusters: [{name: N, cluster: {...}}]
  Result<const Node*> entry(std::string_view list_name, std::string_view kind, const std::string& name) const {
    const Node* list = root_.find(list_name);
    if (list != nullptr) {
      for (const Node& item : list->items) {
        const Node* content = item.find(kind);
        if (text(item, "name") == name && content != nullptr) return content;
      }
    }
    return fail(Errc::not_found, "{}: there is no {} \"{}\" among its {}", file_, kind, name, list_name);
  }

  std::string path(const std::string& path) const {
    if (path.empty() || path.starts_with('/')) return path;
    return (std::filesystem::path(file_).parent_path() / path).string();
  }

  Result<std::string> decoded(const Node& node, std::string_view key) const {
    auto content = kube::decode_base64(text(node, key));
    if (!content) return fail(Errc::invalid_argument, "{}: {}: {}", file_, key, "expected base64");
    return content;
  }

  Result<void> read_cluster(const Node& cluster, Access& access) const {
    access.server = text(cluster, "server");
    while (access.server.ends_with('/')) access.server.pop_back();
    if (access.server.empty()) return fail(Errc::invalid_argument, "{}: the cluster has no server", file_);
    access.tls_server_name = text(cluster, "tls-server-name");
    access.tls.verify_peer = text(cluster, "insecure-skip-tls-verify") != "true";
    access.tls.ca_file = path(text(cluster, "certificate-authority"));
    auto ca = decoded(cluster, "certificate-authority-data");
    if (!ca) return std::unexpected(ca.error());
    access.tls.ca_text = std::move(*ca);
    return {};
  }

  Result<void> read_user(const Node& user, Access& access) const {
    for (std::string_view plugin : {"exec", "auth-provider"}) {
      if (user.find(plugin) == nullptr) continue;
      return fail(Errc::invalid_argument, "{}: users that sign in by {} are not served: use a token or a certificate",
                  file_, plugin);
    }
    access.token = text(user, "token");
    access.token_file = path(text(user, "tokenFile"));
    access.tls.certificate_file = path(text(user, "client-certificate"));
    access.tls.key_file = path(text(user, "client-key"));
    auto certificate = decoded(user, "client-certificate-data");
    auto key = decoded(user, "client-key-data");
    if (!certificate) return std::unexpected(certificate.error());
    if (!key) return std::unexpected(key.error());
    access.tls.certificate_text = std::move(*certificate);
    access.tls.key_text = std::move(*key);
    return {};
  }

  const Node& root_;
  std::string file_;
};

}  // namespace

Result<Access> in_cluster(const std::string& directory) {
  const std::string host = variable("KUBERNETES_SERVICE_HOST"), port = variable("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) return fail(Errc::not_found, "this is no pod: KUBERNETES_SERVICE_HOST is not set");
  Access access;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  access.server = "https://" + (is_ipv6 ? "[" + host + "]" : host) + ":" + port;
  access.tls.ca_file = directory + "/ca.crt";
  access.token_file = directory + "/token";
  if (auto ours = read_file(directory + "/namespace")) access.namespace_ = *ours;
  return access;
}

Result<Access> from_kubeconfig(std::string_view text, const std::string& file, const std::string& context) {
  const auto documents = kube::read_documents(text, file);
  if (!documents.problems.empty()) return std::unexpected(kube::to_error(documents.problems));
  if (documents.documents.size() != 1) return fail(Errc::invalid_argument, "{}: expected one document", file);
  return Kubeconfig(documents.documents.front(), file).access(context);
}

Result<Access> find_access(const std::string& kubeconfig) {
  if (kubeconfig.empty()) {
    auto pod = in_cluster();
    if (pod) return pod;
    return fail(Errc::not_found, "an API server: run in a pod, or name one with --kubeconfig");
  }
  auto text = read_file(kubeconfig);
  if (!text) return std::unexpected(text.error());
  return from_kubeconfig(*text, kubeconfig);
}

}  // namespace gantry::kube_api
