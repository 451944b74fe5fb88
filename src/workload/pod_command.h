// What a pod's main container runs on this machine: its command with the environment that Kubernetes would give it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "kube/manifest.h"
#include "workload/process.h"

namespace gantry::workload {

// The pod of which the command is asked.
struct PodIdentity {
  std::string name;  // also its uid and host name
  std::string namespace_;
  std::map<std::string, std::string> labels;  // besides those of the template
};

// environment: NAME -> value that the pod gets unless the YAML sets NAME itself, by env or envFrom. gantry_file: what
// `command: ["gantry", ...]` runs, and whose directory stands last in PATH.
// Errors: not_found (a ConfigMap, Secret or key that env refers to, named), invalid_argument (no command).
Result<Command> pod_command(const kube::Manifest& manifest, const kube::PodTemplate& pod, const PodIdentity& identity,
                            const std::map<std::string, std::string>& environment, const std::string& gantry_file);

}  // namespace gantry::workload
