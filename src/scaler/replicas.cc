#include "scaler/replicas.h"

namespace gantry::scaler {
namespace {

namespace json = boost::json;

constexpr std::size_t kProblemCharsMax = 500;

const json::object* object_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

std::string text_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

std::optional<std::int32_t> count_in(const json::object* object, std::string_view key) {
  const json::value* value = object == nullptr ? nullptr : object->if_contains(key);
  const std::int64_t* number = value == nullptr ? nullptr : value->if_int64();
  if (number == nullptr || *number < 0 || *number > INT32_MAX) return std::nullopt;
  return static_cast<std::int32_t>(*number);
}

std::optional<std::pair<std::string, std::string>> name_of(const json::object& object) {
  const json::object* metadata = object_in(object, "metadata");
  if (metadata == nullptr) return std::nullopt;
  return std::pair(text_in(*metadata, "namespace"), text_in(*metadata, "name"));
}

struct Condition {
  std::string status, reason, message;
};

Condition condition_of(const json::object* status, std::string_view type) {
  const json::value* value = status == nullptr ? nullptr : status->if_contains("conditions");
  const json::array* conditions = value == nullptr ? nullptr : value->if_array();
  if (conditions == nullptr) return {};
  for (const json::value& each : *conditions) {
    const json::object* condition = each.if_object();
    if (condition != nullptr && text_in(*condition, "type") == type)
      return {text_in(*condition, "status"), text_in(*condition, "reason"), text_in(*condition, "message")};
  }
  return {};
}

std::string complaint(std::string_view who, const Condition& condition) {
  return fmt::format("{}: {}", who, condition.message.empty() ? condition.reason : condition.message)
      .substr(0, kProblemCharsMax);
}

}  // namespace

template <class Kept>
Kept* Replicas::List<Kept>::put(const json::object& object, Name& name) {
  auto named = name_of(object);
  if (!named || (kept.size() >= kObjectsMax && !kept.contains(*named))) return nullptr;
  name = std::move(*named);
  Kept& to = kept[name];
  to = {};
  to.generation = generation;
  return &to;
}

template <class Kept>
void Replicas::List<Kept>::erase(const json::object& object) {
  if (const auto name = name_of(object)) kept.erase(*name);
}

void Replicas::put_scaled_object(const json::object& object) {
  Name name;
  ScaledObject* put = scaled_objects_.put(object, name);
  if (put == nullptr) return;
  ScaledObject& to = *put;
  const json::object* spec = object_in(object, "spec");
  const json::object* status = object_in(object, "status");
  if (spec != nullptr) {  // with the defaults of KEDA's ScaledObjectSpec
    to.min = count_in(spec, "minReplicaCount").value_or(0);
    to.max = count_in(spec, "maxReplicaCount").value_or(100);
  }
  if (status != nullptr) to.hpa = text_in(*status, "hpaName");
  if (to.hpa.empty()) to.hpa = "keda-hpa-" + name.second;
  if (const Condition ready = condition_of(status, "Ready"); ready.status == "False")
    to.problem = complaint("KEDA", ready);
  to.fallback = condition_of(status, "Fallback").status == "True";
  to.paused = condition_of(status, "Paused").status == "True";
}

void Replicas::put_hpa(const json::object& object) {
  Name name;
  Hpa* put = hpas_.put(object, name);
  if (put == nullptr) return;
  Hpa& to = *put;
  const json::object* status = object_in(object, "status");
  if (condition_of(status, "AbleToScale").status.empty() && condition_of(status, "ScalingActive").status.empty())
    return;  // the controller has not looked at it yet: counts of zero mean nothing
  // the API server leaves a currentReplicas of 0 out
  to.current = status->contains("currentReplicas") ? count_in(status, "currentReplicas") : 0;
  to.desired = count_in(status, "desiredReplicas");
  for (const char* type : {"AbleToScale", "ScalingActive"}) {
    const Condition condition = condition_of(status, type);
    // ScalingDisabled: no replicas, which is KEDA's business
    if (condition.status == "False" && condition.reason != "ScalingDisabled" && to.problem.empty())
      to.problem = complaint("HPA", condition);
  }
}

void Replicas::erase_scaled_object(const json::object& object) { scaled_objects_.erase(object); }
void Replicas::erase_hpa(const json::object& object) { hpas_.erase(object); }

ObjectReplicas Replicas::find(const std::string& namespace_, const std::string& name) const {
  ObjectReplicas found;
  if (!unknown_.empty()) {
    found.unknown = unknown_;
    return found;
  }
  const auto object = scaled_objects_.kept.find(Name(namespace_, name));
  if (object == scaled_objects_.kept.end()) {
    found.unknown = "the API server has no ScaledObject of this name (a ScaledJob has jobs, not replicas)";
    return found;
  }
  const ScaledObject& scaled = object->second;
  found.min = scaled.min;
  found.max = scaled.max;
  found.hpa = scaled.hpa;
  found.problem = scaled.problem;
  found.paused = scaled.paused;
  found.fallback = scaled.fallback;
  const auto hpa = hpas_.kept.find(Name(namespace_, scaled.hpa));
  if (hpa == hpas_.kept.end()) {
    found.unknown = fmt::format("there is no HPA {}", scaled.hpa);
  } else if (!hpa->second.current) {
    found.unknown = fmt::format("the HPA {} has not been looked at yet", scaled.hpa);
  } else {
    found.current = hpa->second.current;
    found.desired = hpa->second.desired;
  }
  if (found.problem.empty() && hpa != hpas_.kept.end()) found.problem = hpa->second.problem;
  return found;
}

}  // namespace gantry::scaler
