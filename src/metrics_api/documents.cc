#include "metrics_api/documents.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <ctime>

#include "kube/quantity.h"

namespace gantry::metrics_api {

namespace json = boost::json;

namespace {

std::string_view reason_of(int code) {
  switch (code) {
    case 400: return "BadRequest";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "NotFound";
    case 405: return "MethodNotAllowed";
    case 429: return "TooManyRequests";
    case 503: return "ServiceUnavailable";
    case 504: return "Timeout";
    default: return "InternalError";
  }
}

json::object list_of(std::string_view kind, std::string_view group, std::string_view version, json::array items) {
  return {{"kind", kind},
          {"apiVersion", fmt::format("{}/{}", group, version)},
          {"metadata", json::object{}},
          {"items", std::move(items)}};
}

json::object group_object(std::string_view name, std::string_view version) {
  json::object served{{"groupVersion", fmt::format("{}/{}", name, version)}, {"version", version}};
  return {{"name", name}, {"versions", json::array{served}}, {"preferredVersion", served}};
}

}  // namespace

http::Response status(int code, std::string_view reason, std::string_view message) {
  json::object object{{"kind", "Status"},   {"apiVersion", "v1"}, {"metadata", json::object{}}, {"status", "Failure"},
                      {"message", message}, {"reason", reason},   {"code", json::value(code)}};
  return http::json(object, code);
}

http::Response status(const Error& error) {
  int code = 500;
  switch (error.code) {
    case Errc::invalid_argument: code = 400; break;
    case Errc::unauthenticated: code = 401; break;
    case Errc::permission_denied: code = 403; break;
    case Errc::not_found: code = 404; break;
    case Errc::timeout: code = 504; break;
    case Errc::internal: code = 500; break;
    default: code = 503; break;
  }
  return status(code, reason_of(code), error.message);
}

http::Response group_list() {
  json::object object{{"kind", "APIGroupList"},
                      {"apiVersion", "v1"},
                      {"groups", json::array{group_object(kExternalGroup, kExternalVersion),
                                             group_object(kCustomGroup, kCustomVersion)}}};
  return http::json(object);
}

http::Response group(std::string_view name, std::string_view version) {
  json::object object = group_object(name, version);
  object["kind"] = "APIGroup";
  object["apiVersion"] = "v1";
  return http::json(object);
}

http::Response resource_list(std::string_view group, std::string_view version, std::string_view kind,
                             const std::vector<Resource>& resources) {
  json::array list;
  for (const Resource& resource : resources) {
    list.push_back(json::object{{"name", resource.name},
                                {"singularName", ""},
                                {"namespaced", resource.namespaced},
                                {"kind", kind},
                                {"verbs", json::array{"get"}}});
  }
  json::object object{{"kind", "APIResourceList"},
                      {"apiVersion", "v1"},
                      {"groupVersion", fmt::format("{}/{}", group, version)},
                      {"resources", std::move(list)}};
  return http::json(object);
}

http::Response external_values(const std::vector<ExternalValue>& values, std::string_view timestamp) {
  json::array items;
  for (const ExternalValue& value : values) {
    json::object labels;
    for (const auto& [name, label] : value.labels) labels[name] = label;
    items.push_back(json::object{{"metricName", value.metric},
                                 {"metricLabels", std::move(labels)},
                                 {"timestamp", timestamp},
                                 {"value", kube::format_quantity(value.value)}});
  }
  return http::json(list_of("ExternalMetricValueList", kExternalGroup, kExternalVersion, std::move(items)));
}

http::Response object_values(std::string_view metric, const std::vector<ObjectValue>& values,
                             std::string_view timestamp) {
  json::array items;
  for (const ObjectValue& value : values) {
    json::object object{
        {"kind", value.object.kind}, {"name", value.object.name}, {"apiVersion", value.object.api_version}};
    if (!value.object.namespace_.empty()) object["namespace"] = value.object.namespace_;
    items.push_back(json::object{{"describedObject", std::move(object)},
                                 {"metric", json::object{{"name", metric}}},
                                 {"timestamp", timestamp},
                                 {"value", kube::format_quantity(value.value)}});
  }
  return http::json(list_of("MetricValueList", kCustomGroup, kCustomVersion, std::move(items)));
}

std::string timestamp_of(std::int64_t unix_seconds) {
  const auto seconds = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace gantry::metrics_api
