#include "kube/trigger.h"

#include <set>

#include "kube/scalar.h"

namespace gantry::kube {
namespace {

using Metric = Trigger::MetricType;

const Schema<AuthenticationRef>& authentication_ref_schema() {
  static const Schema<AuthenticationRef> schema =
      Schema<AuthenticationRef>()
          .required("name", &AuthenticationRef::name, dns_subdomain())
          .optional("kind", &AuthenticationRef::kind,
                    one_of({"TriggerAuthentication", "ClusterTriggerAuthentication"}));
  return schema;
}

void read_external_metadata(Reading& reading, const Node& node, Trigger& out) {
  Reading::Scope scope(reading, "metadata");
  const Node* metadata = node.find("metadata");
  if (metadata == nullptr || metadata->kind != Node::Kind::mapping) return;
  auto address = out.metadata.find("scalerAddress");
  if (address == out.metadata.end()) {
    return reading.problem(metadata->line, "expected scalerAddress, which an external trigger needs, got nothing");
  }
  if (!is_our_scaler(address->second)) return;
  auto parsed = parse_rocketmq_trigger(out.metadata, FromEnv::names);
  if (parsed) {
    out.rocketmq = std::move(*parsed);
    return;
  }
  for (const MetadataProblem& problem : parsed.error()) {
    // a value that is no string was reported when the map was read
    const Node* value = metadata->find(problem.key);
    if (value != nullptr && (value->kind != Node::Kind::scalar || value->type != Node::Type::text)) continue;
    Reading::Scope key(reading, problem.key);
    reading.problem(line_of(*metadata, {problem.key}), problem.message);
  }
}

void check_trigger(Reading& reading, const Node& node, Trigger& out) {
  out.line = node.line;
  const bool is_external = out.type == "external" || out.type == "external-push";
  const bool is_resource = out.type == "cpu" || out.type == "memory";
  if (is_external) read_external_metadata(reading, node, out);
  if (!is_external && !out.type.empty()) reading.ignore_entry("trigger of type " + quoted(out.type));
  if (out.use_cached_metrics && (is_resource || out.type == "cron")) {
    Reading::Scope scope(reading, "useCachedMetrics");
    reading.problem(line_of(node, {"useCachedMetrics"}),
                    fmt::format("expected false for a {} trigger, got true", out.type));
  }
  if (out.metric_type == Metric::utilization && !is_resource) {
    Reading::Scope scope(reading, "metricType");
    reading.problem(line_of(node, {"metricType"}), "expected AverageValue or Value, got \"Utilization\"");
  }
}

}  // namespace

const Schema<Trigger>& trigger_schema() {
  static const Schema<Trigger> schema =
      Schema<Trigger>()
          .required("type", &Trigger::type, word())
          .optional("name", &Trigger::name, text())
          .optional("useCachedMetrics", &Trigger::use_cached_metrics, boolean())
          .required("metadata", &Trigger::metadata, string_map())
          .optional("authenticationRef", &Trigger::authentication_ref, authentication_ref_schema().reader())
          .optional("metricType", &Trigger::metric_type,
                    choice<Metric>({{"AverageValue", Metric::average_value},
                                    {"Value", Metric::value},
                                    {"Utilization", Metric::utilization}}))
          .rule(check_trigger);
  return schema;
}

void check_trigger_names(Reading& reading, const std::vector<Trigger>& triggers) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < triggers.size(); ++i) {
    const Trigger& trigger = triggers[i];
    if (trigger.name.empty() || names.insert(trigger.name).second) continue;
    Reading::Scope list(reading, "triggers");
    Reading::Scope item(reading, i);
    Reading::Scope name(reading, "name");
    reading.problem(trigger.line,
                    fmt::format("expected a name of its own, got {} a second time", quoted(trigger.name)));
  }
}

bool keda_annotation_flag(const StringMap& annotations, const std::string& key) {
  static const std::set<std::string> no = {"0", "f", "F", "false", "False", "FALSE"};
  auto found = annotations.find("autoscaling.keda.sh/" + key);
  return found != annotations.end() && !no.contains(found->second);
}

}  // namespace gantry::kube
