#include "kube/environment.h"

#include <algorithm>

#include "kube/scalar.h"

namespace gantry::kube {
namespace {

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.';
  };
  return !name.empty() && is_letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

const StringMap* data_of(const Manifest& manifest, std::string_view kind, const std::string& namespace_,
                         const std::string& name) {
  if (kind == "ConfigMap") {
    const ConfigMap* object = manifest.config_map(namespace_, name);
    return object == nullptr ? nullptr : &object->data;
  }
  const Secret* object = manifest.secret(namespace_, name);
  return object == nullptr ? nullptr : &object->data;
}

struct Lookup {
  const Manifest& manifest;
  const std::string& namespace_;

  Result<std::optional<std::string>> key(std::string_view kind, const KeySelector& selector) const {
    const StringMap* data = data_of(manifest, kind, namespace_, selector.name);
    if (data != nullptr) {
      if (auto value = data->find(selector.key); value != data->end()) return value->second;
    }
    if (selector.optional) return std::nullopt;
    if (data == nullptr) {
      return fail(Errc::not_found, "{} {} does not exist in namespace {}", kind, quoted(selector.name), namespace_);
    }
    return fail(Errc::not_found, "{} {} has no key {}", kind, quoted(selector.name), quoted(selector.key));
  }
};

// metadata.labels['app'] and metadata.annotations['x']
std::optional<std::string> subscript(std::string_view path, std::string_view map_name, const StringMap& map) {
  const std::string prefix = fmt::format("metadata.{}['", map_name);
  if (!path.starts_with(prefix) || !path.ends_with("']")) return std::nullopt;
  const std::string key(path.substr(prefix.size(), path.size() - prefix.size() - 2));
  auto found = map.find(key);
  return found == map.end() ? "" : found->second;
}

Result<std::string> field(const PodFields& pod, const std::string& path) {
  if (path == "metadata.name") return pod.name;
  if (path == "metadata.namespace") return pod.namespace_;
  if (path == "metadata.uid") return pod.uid;
  if (path == "status.podIP" || path == "status.podIPs" || path == "status.hostIP" || path == "status.hostIPs")
    return pod.ip;
  if (path == "spec.nodeName") return pod.node_name;
  if (path == "spec.serviceAccountName") return "default";
  if (auto label = subscript(path, "labels", pod.labels)) return *label;
  if (auto annotation = subscript(path, "annotations", pod.annotations)) return *annotation;
  return fail(Errc::invalid_argument, "expected a fieldPath such as metadata.name, got {}", quoted(path));
}

// nullopt: the variable stays undefined (an optional reference to nothing, or a source that a laptop lacks).
Result<std::optional<std::string>> value_of(const EnvVar& variable, const Lookup& lookup, const PodFields& pod,
                                            const StringMap& defined) {
  if (!variable.value_from) return expand_variables(variable.value, defined);
  const EnvVarSource& source = *variable.value_from;
  if (source.config_map_key) return lookup.key("ConfigMap", *source.config_map_key);
  if (source.secret_key) return lookup.key("Secret", *source.secret_key);
  if (!source.field) return std::nullopt;
  auto value = field(pod, source.field->field_path);
  if (!value) return std::unexpected(value.error());
  return *value;
}

Result<void> add_all(const Manifest& manifest, const std::string& namespace_, std::string_view kind,
                     const ObjectSelector& selector, const std::string& prefix, StringMap& out) {
  const StringMap* data = data_of(manifest, kind, namespace_, selector.name);
  if (data == nullptr) {
    if (selector.optional) return {};
    return fail(Errc::not_found, "envFrom: {} {} does not exist in namespace {}", kind, quoted(selector.name),
                namespace_);
  }
  for (const auto& [key, value] : *data) {
    if (is_variable_name(prefix + key)) out[prefix + key] = value;
  }
  return {};
}

}  // namespace

std::string expand_variables(std::string_view text, const StringMap& environment) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {  // $$ is a literal $
      out += '$';
      text.remove_prefix(1);
      continue;
    }
    const std::size_t close = text.starts_with('(') ? text.find(')') : std::string_view::npos;
    if (close == std::string_view::npos) {
      out += '$';
      continue;
    }
    auto found = environment.find(std::string(text.substr(1, close - 1)));
    if (found != environment.end()) {
      out += found->second;
    } else {
      out += '$';
      out += text.substr(0, close + 1);
    }
    text.remove_prefix(close + 1);
  }
  return out;
}

std::vector<std::string> resolve_command(const std::vector<std::string>& words, const StringMap& environment) {
  std::vector<std::string> out;
  for (const std::string& word : words) out.push_back(expand_variables(word, environment));
  return out;
}

Result<StringMap> resolve_environment(const Manifest& manifest, const Container& container, const PodFields& pod) {
  StringMap out;
  for (const EnvFromSource& source : container.env_from) {
    Result<void> added;
    if (source.config_map)
      added = add_all(manifest, pod.namespace_, "ConfigMap", *source.config_map, source.prefix, out);
    if (source.secret) added = add_all(manifest, pod.namespace_, "Secret", *source.secret, source.prefix, out);
    if (!added) return std::unexpected(in_context("container " + container.name, added.error()));
  }
  const Lookup lookup{manifest, pod.namespace_};
  for (const EnvVar& variable : container.env) {
    auto value = value_of(variable, lookup, pod, out);
    if (!value) {
      return std::unexpected(
          in_context(fmt::format("container {}: env {}", container.name, variable.name), value.error()));
    }
    if (*value) out[variable.name] = **value;
  }
  return out;
}

Result<StringMap> resolve_authentication(const Manifest& manifest, const TriggerAuthentication& authentication,
                                         const StringMap& environment) {
  StringMap out;
  const Lookup lookup{manifest, authentication.metadata.namespace_};
  const auto add = [&](std::string_view kind, const std::vector<AuthParameter>& parameters) -> Result<void> {
    for (const AuthParameter& parameter : parameters) {
      auto value = lookup.key(kind, {parameter.name, parameter.key, false});
      if (!value) {
        const std::string where =
            fmt::format("TriggerAuthentication {}: parameter {}", authentication.metadata.name, parameter.parameter);
        return std::unexpected(in_context(where, value.error()));
      }
      out[parameter.parameter] = **value;
    }
    return {};
  };
  if (auto added = add("Secret", authentication.secret_target_ref); !added) return std::unexpected(added.error());
  if (auto added = add("ConfigMap", authentication.config_map_target_ref); !added)
    return std::unexpected(added.error());
  for (const AuthParameter& parameter : authentication.env) {
    auto found = environment.find(parameter.name);
    out[parameter.parameter] = found == environment.end() ? "" : found->second;  // KEDA: empty when not found
  }
  return out;
}

}  // namespace gantry::kube
