#include "kube/scaled_object.h"

#include <algorithm>

#include "kube/scalar.h"

namespace gantry::kube {
namespace {

using Select = HpaScalingRules::SelectPolicy;
using Behavior = Fallback::Behavior;
using Policy = HpaScalingPolicy;

// A label value, which KEDA makes of the names of ScaledObject and HPA.
constexpr std::size_t kLabelValueMax = 63;

const Schema<Policy>& policy_schema() {
  static const Schema<Policy> schema =
      Schema<Policy>()
          .required("type", &Policy::type,
                    choice<Policy::Type>({{"Pods", Policy::Type::pods}, {"Percent", Policy::Type::percent}}))
          .required("value", &Policy::value, integer(1))
          .required("periodSeconds", &Policy::period_s, integer(1, 1800));
  return schema;
}

const Schema<HpaScalingRules>& rules_schema() {
  static const Schema<HpaScalingRules> schema =
      Schema<HpaScalingRules>()
          .optional("stabilizationWindowSeconds", &HpaScalingRules::stabilization_window_s, integer(0, 3600))
          .optional("selectPolicy", &HpaScalingRules::select_policy,
                    choice<Select>({{"Max", Select::max}, {"Min", Select::min}, {"Disabled", Select::disabled}}))
          .optional("policies", &HpaScalingRules::policies, list_of(policy_schema().reader(), 1))
          .optional("tolerance", &HpaScalingRules::tolerance, quantity());
  return schema;
}

const Schema<HpaBehavior>& behavior_schema() {
  static const Schema<HpaBehavior> schema =
      Schema<HpaBehavior>()
          .optional("scaleUp", &HpaBehavior::scale_up, rules_schema().reader())
          .optional("scaleDown", &HpaBehavior::scale_down, rules_schema().reader());
  return schema;
}

const Schema<ScaledObject>& hpa_config_schema() {
  static const Schema<ScaledObject> schema =
      Schema<ScaledObject>()
          .optional("behavior", &ScaledObject::behavior, behavior_schema().reader())
          .optional("name", &ScaledObject::hpa_name, dns_subdomain());
  return schema;
}

const Schema<ScaledObject>& advanced_schema() {
  static const Schema<ScaledObject> schema =
      Schema<ScaledObject>()
          .optional("restoreToOriginalReplicaCount", &ScaledObject::restore_to_original_replica_count, boolean())
          .optional_part("horizontalPodAutoscalerConfig", hpa_config_schema())
          .refused("scalingModifiers");
  return schema;
}

const Schema<Fallback>& fallback_schema() {
  static const Schema<Fallback> schema =
      Schema<Fallback>()
          .required("failureThreshold", &Fallback::failure_threshold, integer(0))
          .required("replicas", &Fallback::replicas, integer(0))
          .optional("behavior", &Fallback::behavior,
                    choice<Behavior>({{"static", Behavior::fixed},
                                      {"currentReplicas", Behavior::current_replicas},
                                      {"currentReplicasIfHigher", Behavior::current_replicas_if_higher},
                                      {"currentReplicasIfLower", Behavior::current_replicas_if_lower}}));
  return schema;
}

const Schema<ScaleTargetRef>& target_schema() {
  static const Schema<ScaleTargetRef> schema =
      Schema<ScaleTargetRef>()
          .required("name", &ScaleTargetRef::name, dns_subdomain())
          .optional("apiVersion", &ScaleTargetRef::api_version, one_of({"apps/v1"}))
          .optional("kind", &ScaleTargetRef::kind, one_of({"Deployment"}))
          .optional("envSourceContainerName", &ScaleTargetRef::env_source_container_name, dns_label());
  return schema;
}

// CheckReplicaCountBoundsAreValid: an explicit minimum of 0 counts as 1 there, because the HPA starts at 1.
void check_replica_counts(Reading& reading, const Node& node, ScaledObject& out) {
  const std::int32_t min = out.min_replica_count ? std::max(1, *out.min_replica_count) : 0;
  if (min > out.max_replica_count) {
    Reading::Scope scope(reading, "minReplicaCount");
    reading.problem(line_of(node, {"minReplicaCount"}),
                    fmt::format("expected at most maxReplicaCount, which is {}, got {}", out.max_replica_count, min));
  }
  if (out.idle_replica_count && *out.idle_replica_count >= min) {
    Reading::Scope scope(reading, "idleReplicaCount");
    reading.problem(
        line_of(node, {"idleReplicaCount"}),
        fmt::format("expected less than minReplicaCount, which is {}, got {}", min, *out.idle_replica_count));
  }
}

void check_fallback(Reading& reading, const Node& node, ScaledObject& out) {
  const auto is_resource = [](const Trigger& t) { return t.type == "cpu" || t.type == "memory"; };
  if (!out.fallback || out.triggers.empty() || !std::ranges::all_of(out.triggers, is_resource)) return;
  Reading::Scope scope(reading, "fallback");
  reading.problem(line_of(node, {"fallback"}), "expected a trigger other than cpu and memory, got none");
}

const Schema<ScaledObject>& scaled_object_spec_schema() {
  static const Schema<ScaledObject> schema =
      Schema<ScaledObject>()
          .required("scaleTargetRef", &ScaledObject::scale_target_ref, target_schema().reader())
          .optional("pollingInterval", &ScaledObject::polling_interval_s, integer(1))
          .optional("cooldownPeriod", &ScaledObject::cooldown_period_s, integer(0))
          .optional("initialCooldownPeriod", &ScaledObject::initial_cooldown_period_s, integer(0))
          .optional("idleReplicaCount", &ScaledObject::idle_replica_count, integer(0))
          .optional("minReplicaCount", &ScaledObject::min_replica_count, integer(0))
          .optional("maxReplicaCount", &ScaledObject::max_replica_count, integer(1))
          .optional_part("advanced", advanced_schema())
          .required("triggers", &ScaledObject::triggers, list_of(trigger_schema().reader(), 1))
          .optional("fallback", &ScaledObject::fallback, fallback_schema().reader())
          .rule(check_replica_counts)
          .rule([](Reading& reading, const Node&, ScaledObject& out) { check_trigger_names(reading, out.triggers); })
          .rule(check_fallback);
  return schema;
}

void check_names(Reading& reading, const Node& node, ScaledObject& out) {
  const std::string hpa = out.hpa_name.empty() ? "keda-hpa-" + out.metadata.name : out.hpa_name;
  if (hpa.size() <= kLabelValueMax) return;
  reading.problem(line_of(node, {"metadata", "name"}),
                  fmt::format("expected an HPA name of at most {} characters, got {} ({} characters)", kLabelValueMax,
                              quoted(hpa), hpa.size()));
}

void read_keda_annotations(Reading& reading, const Node& node, ScaledObject& out) {
  const StringMap& annotations = out.metadata.annotations;
  out.keda.paused = keda_annotation_flag(annotations, "paused");
  out.keda.paused_scale_in = keda_annotation_flag(annotations, "paused-scale-in");
  out.keda.paused_scale_out = keda_annotation_flag(annotations, "paused-scale-out");
  out.keda.force_activation = keda_annotation_flag(annotations, "force-activation");
  const std::string key = "autoscaling.keda.sh/paused-replicas";
  auto replicas = annotations.find(key);
  if (replicas == annotations.end()) return;
  auto count = parse_integer(replicas->second);
  if (count && *count >= 0 && *count <= std::numeric_limits<std::int32_t>::max()) {
    out.keda.paused_replicas = static_cast<std::int32_t>(*count);
    return;
  }
  Reading::Scope metadata(reading, "metadata");
  Reading::Scope scope(reading, "annotations");
  Reading::Scope name(reading, key);
  reading.problem(line_of(node, {"metadata", "annotations", key}),
                  fmt::format("expected an integer of at least 0, got {}", quoted(replicas->second)));
}

}  // namespace

const Schema<ScaledObject>& scaled_object_schema() {
  static const Schema<ScaledObject> schema =
      Schema<ScaledObject>()
          .required("metadata", &ScaledObject::metadata, object_meta_schema().reader())
          .part("spec", scaled_object_spec_schema())
          .read_before({"apiVersion", "kind"})
          .ignored({"status"})
          .rule(check_names)
          .rule(read_keda_annotations)
          .rule([](Reading& reading, const Node& node, ScaledObject& out) {
            read_gantry_annotations_of_scaled_object(reading, node, out.gantry);
          });
  return schema;
}

}  // namespace gantry::kube
