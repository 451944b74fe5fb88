#include "kube/pod_template.h"

#include <algorithm>
#include <set>

#include "kube/scalar.h"

namespace gantry::kube {
namespace {

constexpr std::string_view kDefaultContainer = "kubectl.kubernetes.io/default-container";

const Schema<KeySelector>& key_selector_schema() {
  static const Schema<KeySelector> schema = Schema<KeySelector>()
                                                .required("name", &KeySelector::name, dns_subdomain())
                                                .required("key", &KeySelector::key, word())
                                                .optional("optional", &KeySelector::optional, boolean());
  return schema;
}

const Schema<FieldSelector>& field_selector_schema() {
  static const Schema<FieldSelector> schema =
      Schema<FieldSelector>().required("fieldPath", &FieldSelector::field_path, word()).ignored({"apiVersion"});
  return schema;
}

void check_one_source(Reading& reading, const Node& node, EnvVarSource&) {
  const auto present =
      std::ranges::count_if(node.entries, [](const Entry& e) { return e.value.kind != Node::Kind::null; });
  if (present != 1) reading.problem(node.line, fmt::format("expected exactly one source, got {}", present));
}

const Schema<EnvVarSource>& env_var_source_schema() {
  static const Schema<EnvVarSource> schema =
      Schema<EnvVarSource>()
          .optional("configMapKeyRef", &EnvVarSource::config_map_key, key_selector_schema().reader())
          .optional("secretKeyRef", &EnvVarSource::secret_key, key_selector_schema().reader())
          .optional("fieldRef", &EnvVarSource::field, field_selector_schema().reader())
          .ignored({"resourceFieldRef", "fileKeyRef"})
          .rule(check_one_source);
  return schema;
}

Reader<std::string> env_name() {
  return [read = word()](Reading& reading, const Node& node, std::string& out) {
    read(reading, node, out);
    if (out.find('=') != std::string::npos) reading.expected(node, "a variable name without '='");
  };
}

void check_value_or_source(Reading& reading, const Node& node, EnvVar& out) {
  if (!out.value.empty() && out.value_from) {
    reading.problem(line_of(node, {"valueFrom"}), "expected either value or valueFrom, got both");
  }
}

const Schema<EnvVar>& env_var_schema() {
  static const Schema<EnvVar> schema = Schema<EnvVar>()
                                           .required("name", &EnvVar::name, env_name())
                                           .optional("value", &EnvVar::value, text())
                                           .optional("valueFrom", &EnvVar::value_from, env_var_source_schema().reader())
                                           .rule(check_value_or_source);
  return schema;
}

const Schema<ObjectSelector>& object_selector_schema() {
  static const Schema<ObjectSelector> schema = Schema<ObjectSelector>()
                                                   .required("name", &ObjectSelector::name, dns_subdomain())
                                                   .optional("optional", &ObjectSelector::optional, boolean());
  return schema;
}

void check_one_object(Reading& reading, const Node& node, EnvFromSource& out) {
  if (out.config_map.has_value() == out.secret.has_value()) {
    reading.problem(node.line,
                    fmt::format("expected either configMapRef or secretRef, got {}", out.secret ? "both" : "neither"));
  }
}

const Schema<EnvFromSource>& env_from_schema() {
  static const Schema<EnvFromSource> schema =
      Schema<EnvFromSource>()
          .optional("prefix", &EnvFromSource::prefix, text())
          .optional("configMapRef", &EnvFromSource::config_map, object_selector_schema().reader())
          .optional("secretRef", &EnvFromSource::secret, object_selector_schema().reader())
          .rule(check_one_object);
  return schema;
}

const Schema<Container>& container_schema() {
  static const Schema<Container> schema =
      Schema<Container>()
          .required("name", &Container::name, dns_label())
          .optional("image", &Container::image, text())
          .optional("command", &Container::command, list_of(text()))
          .optional("args", &Container::args, list_of(text()))
          .optional("workingDir", &Container::working_dir, text())
          .optional("env", &Container::env, list_of(env_var_schema().reader()))
          .optional("envFrom", &Container::env_from, list_of(env_from_schema().reader()))
          .ignored({"ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "volumeMounts",
                    "volumeDevices", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle",
                    "terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy", "securityContext", "stdin",
                    "stdinOnce", "tty"})
          .rule([](Reading& reading, const Node&, Container& out) {
            if (!out.image.empty()) reading.ignore("image");
          });
  return schema;
}

void check_container_names(Reading& reading, const Node& node, PodTemplate& out) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < out.containers.size(); ++i) {
    const std::string& name = out.containers[i].name;
    if (name.empty() || names.insert(name).second) continue;
    Reading::Scope scope(reading, "containers");
    Reading::Scope item(reading, i);
    const Node* list = node.find("containers");
    reading.problem(list->items[i].line, fmt::format("expected a name of its own, got {} a second time", quoted(name)));
  }
}

const Schema<PodTemplate>& pod_spec_schema() {
  static const Schema<PodTemplate> schema =
      Schema<PodTemplate>()
          .required("containers", &PodTemplate::containers, list_of(container_schema().reader(), 1))
          .optional("terminationGracePeriodSeconds", &PodTemplate::termination_grace_period_s, integer(0))
          .ignored({"volumes",
                    "initContainers",
                    "ephemeralContainers",
                    "restartPolicy",
                    "activeDeadlineSeconds",
                    "dnsPolicy",
                    "nodeSelector",
                    "serviceAccountName",
                    "serviceAccount",
                    "automountServiceAccountToken",
                    "nodeName",
                    "hostNetwork",
                    "hostPID",
                    "hostIPC",
                    "shareProcessNamespace",
                    "securityContext",
                    "imagePullSecrets",
                    "hostname",
                    "subdomain",
                    "affinity",
                    "schedulerName",
                    "tolerations",
                    "hostAliases",
                    "priorityClassName",
                    "priority",
                    "dnsConfig",
                    "readinessGates",
                    "runtimeClassName",
                    "enableServiceLinks",
                    "preemptionPolicy",
                    "overhead",
                    "topologySpreadConstraints",
                    "setHostnameAsFQDN",
                    "os",
                    "hostUsers",
                    "schedulingGates",
                    "resourceClaims",
                    "resources",
                    "hostnameOverride"})
          .rule(check_container_names);
  return schema;
}

// A pod template's metadata needs no name.
const Schema<ObjectMeta>& template_meta_schema() {
  static const Schema<ObjectMeta> schema =
      Schema<ObjectMeta>()
          .optional("labels", &ObjectMeta::labels, string_map())
          .optional("annotations", &ObjectMeta::annotations, string_map())
          .ignored({"name", "generateName", "namespace", "creationTimestamp", "finalizers", "ownerReferences"});
  return schema;
}

}  // namespace

const Schema<PodTemplate>& pod_template_schema() {
  static const Schema<PodTemplate> schema =
      Schema<PodTemplate>()
          .optional("metadata", &PodTemplate::metadata, template_meta_schema().reader())
          .part("spec", pod_spec_schema());
  return schema;
}

void read_local_command(Reading& reading, const Node& node, PodTemplate& pod) {
  constexpr std::string_view what = "a command line or a JSON list of strings";
  std::vector<std::string> words;
  if (node.kind == Node::Kind::sequence) {
    list_of(text())(reading, node, words);
  } else if (node.kind == Node::Kind::scalar) {
    auto split = split_command(node.text);
    if (!split) return reading.problem(node.line, split.error().message);
    words = std::move(*split);
  } else {
    return reading.expected(node, what);
  }
  if (words.empty() || words[0].empty())
    return reading.problem(node.line, fmt::format("expected {}, got an empty one", what));
  pod.local_command = std::move(words);
}

void settle_main_container(Reading& reading, const Node& object, const ObjectMeta& metadata,
                           std::initializer_list<std::string_view> path_of_template, PodTemplate& pod) {
  if (auto name = metadata.annotations.find(std::string(kDefaultContainer)); name != metadata.annotations.end())
    pod.default_container = name->second;
  if (pod.containers.empty()) return;
  const Container& container = pod.main_container();
  for (const Container& other : pod.containers) {
    if (&other != &container) reading.ignore_entry("container " + quoted(other.name));
  }
  if (!container.command.empty() || pod.local_command || container.name.empty()) return;
  const Node* node = &object;
  for (std::string_view key : path_of_template) node = node->find(key);
  const Node* list = node->find("spec")->find("containers");
  reading.problem(list->items[static_cast<std::size_t>(&container - pod.containers.data())].line,
                  fmt::format("expected a command in container {}, or the annotation gantry/local-command on the {}, "
                              "because an image's entry point cannot be run here",
                              quoted(container.name), object.find("kind")->text));
}

const Container& PodTemplate::main_container() const {
  const auto own = metadata.annotations.find(std::string(kDefaultContainer));
  for (const std::string& name : {own == metadata.annotations.end() ? std::string() : own->second, default_container}) {
    auto found = std::ranges::find(containers, name, &Container::name);
    if (!name.empty() && found != containers.end()) return *found;
  }
  return containers.front();
}

}  // namespace gantry::kube
