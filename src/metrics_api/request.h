// What a path of the metrics API asks for, as a value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"

namespace gantry::metrics_api {

struct GroupsRequest {};  // /apis
struct GroupRequest {     // /apis/GROUP
  bool external = false;
};
struct ResourcesRequest {  // /apis/GROUP/VERSION
  bool external = false;
};
struct ExternalRequest {  // /apis/external.metrics.k8s.io/v1beta1/namespaces/NS/METRIC
  std::string namespace_, metric;
};
// /apis/custom.metrics.k8s.io/v1beta2/namespaces/NS/RESOURCE/NAME/METRIC, where RESOURCE is "pods" or, outside the core
// group, "deployments.apps"; of a Namespace itself: namespaces/NS/metrics/METRIC.
struct CustomRequest {
  std::string namespace_;
  std::string resource;  // "namespaces" for a Namespace
  std::string name;      // "*": those that the label selector chooses
  std::string metric;
};

using MetricsRequest = std::variant<GroupsRequest, GroupRequest, ResourcesRequest, ExternalRequest, CustomRequest>;

// path: percent-decoded. Errors: not_found.
Result<MetricsRequest> parse_request(std::string_view path);

// "deployments.apps" -> Deployment of apps/v1. An HPA looks at no more than the value, so for resources that are not well
// known the kind is the resource's name, without a guess.
struct ObjectKind {
  std::string kind, api_version;
};
ObjectKind kind_of(std::string_view resource);

}  // namespace gantry::metrics_api
