// What a container's process gets: its environment out of env, envFrom, ConfigMaps and Secrets, and its command with
// $(VAR) expanded. The rules are the kubelet's.
#pragma once

#include "kube/manifest.h"

namespace gantry::kube {

// What `fieldRef` can ask about the replica.
struct PodFields {
  std::string name;        // "orders-worker-0"
  std::string namespace_;  // "default"
  std::string uid;
  std::string ip = "127.0.0.1";
  std::string node_name = "localhost";
  StringMap labels;
  StringMap annotations;
};

// envFrom first, then env in order; a later definition wins; $(VAR) in a value refers to what was defined before. Keys
// of envFrom that are no variable names are left out, as the kubelet does. Errors: not_found, naming the missing object
// or key and the variable; invalid_argument for a fieldRef that is not known. No value of a Secret is in an error.
Result<StringMap> resolve_environment(const Manifest& manifest, const Container& container, const PodFields& pod);

// command and args with $(VAR) expanded. An unknown variable stays as written; $$(VAR) is a literal $(VAR).
std::vector<std::string> resolve_command(const std::vector<std::string>& words, const StringMap& environment);
std::string expand_variables(std::string_view text, const StringMap& environment);

// The parameters that a TriggerAuthentication gives its triggers. `environment` is that of the scale target's
// container.
Result<StringMap> resolve_authentication(const Manifest& manifest, const TriggerAuthentication& authentication,
                                         const StringMap& environment);

}  // namespace gantry::kube
