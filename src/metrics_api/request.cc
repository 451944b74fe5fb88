#include "metrics_api/request.h"

#include <algorithm>
#include <array>
#include <vector>

#include "metrics_api/documents.h"

namespace gantry::metrics_api {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

struct Known {
  std::string_view resource, kind, api_version;
};
constexpr std::array<Known, 10> kKnown = {{{"pods", "Pod", "v1"},
                                           {"services", "Service", "v1"},
                                           {"namespaces", "Namespace", "v1"},
                                           {"configmaps", "ConfigMap", "v1"},
                                           {"deployments.apps", "Deployment", "apps/v1"},
                                           {"statefulsets.apps", "StatefulSet", "apps/v1"},
                                           {"replicasets.apps", "ReplicaSet", "apps/v1"},
                                           {"daemonsets.apps", "DaemonSet", "apps/v1"},
                                           {"jobs.batch", "Job", "batch/v1"},
                                           {"ingresses.networking.k8s.io", "Ingress", "networking.k8s.io/v1"}}};

}  // namespace

Result<MetricsRequest> parse_request(std::string_view path) {
  const auto parts = segments_of(path);
  const auto nothing = [&] { return fail(Errc::not_found, "nothing is served at {}", path); };
  if (parts.empty() || parts[0] != "apis") return nothing();
  if (parts.size() == 1) return GroupsRequest{};
  const bool external = parts[1] == kExternalGroup;
  if (!external && parts[1] != kCustomGroup) return nothing();
  if (parts.size() == 2) return GroupRequest{external};
  if (parts[2] != (external ? kExternalVersion : kCustomVersion)) return nothing();
  if (parts.size() == 3) return ResourcesRequest{external};
  if (parts[3] != "namespaces") return nothing();
  if (external) {
    if (parts.size() != 6) return nothing();
    return ExternalRequest{std::string(parts[4]), std::string(parts[5])};
  }
  if (parts.size() == 7 && parts[5] == "metrics") {
    return CustomRequest{std::string(parts[4]), "namespaces", std::string(parts[4]), std::string(parts[6])};
  }
  if (parts.size() != 8) return nothing();
  return CustomRequest{std::string(parts[4]), std::string(parts[5]), std::string(parts[6]), std::string(parts[7])};
}

ObjectKind kind_of(std::string_view resource) {
  const auto known = std::ranges::find(kKnown, resource, &Known::resource);
  if (known != kKnown.end()) return {std::string(known->kind), std::string(known->api_version)};
  const std::size_t dot = resource.find('.');
  return {std::string(resource.substr(0, dot)),
          dot == std::string_view::npos ? "v1" : std::string(resource.substr(dot + 1))};
}

}  // namespace gantry::metrics_api
