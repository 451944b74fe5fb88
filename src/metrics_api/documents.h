// The objects that the metrics API answers with, as JSON. Rule: k8s.io/metrics/pkg/apis/external_metrics/v1beta1,
// custom_metrics/v1beta2, and metav1's Status, APIGroupList and APIResourceList.
#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace gantry::metrics_api {

inline constexpr std::string_view kExternalGroup = "external.metrics.k8s.io";
inline constexpr std::string_view kExternalVersion = "v1beta1";
inline constexpr std::string_view kCustomGroup = "custom.metrics.k8s.io";
inline constexpr std::string_view kCustomVersion = "v1beta2";

// An error as kubectl and the HPA read it: the message ends up in the HPA's conditions.
http::Response status(int code, std::string_view reason, std::string_view message);
// Codes of ours: what was asked wrongly is 4xx, what could not be read is 503 or 504. Never a value.
http::Response status(const Error& error);

http::Response group_list();
http::Response group(std::string_view name, std::string_view version);

struct Resource {
  std::string name;  // "rocketmq-lag", "pods/rocketmq-lag"
  bool namespaced = true;
};
http::Response resource_list(std::string_view group, std::string_view version, std::string_view kind,
                             const std::vector<Resource>& resources);

struct ExternalValue {
  std::string metric;
  std::map<std::string, std::string> labels;
  double value = 0;
};
http::Response external_values(const std::vector<ExternalValue>& values, std::string_view timestamp);

struct DescribedObject {
  std::string kind, api_version, namespace_, name;
};
struct ObjectValue {
  DescribedObject object;
  double value = 0;
};
http::Response object_values(std::string_view metric, const std::vector<ObjectValue>& values,
                             std::string_view timestamp);

// RFC 3339 in UTC, to the second.
std::string timestamp_of(std::int64_t unix_seconds);

}  // namespace gantry::metrics_api
