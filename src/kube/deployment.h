// A Deployment (apps/v1): as much of it as a machine without a kubelet can run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kube/metadata.h"
#include "kube/selector.h"

namespace gantry::kube {

// A key of a ConfigMap or Secret.
struct KeySelector {
  std::string name;
  std::string key;
  bool optional = false;
};

struct FieldSelector {
  std::string field_path;  // "metadata.name"
};

struct EnvVarSource {
  std::optional<KeySelector> config_map_key;
  std::optional<KeySelector> secret_key;
  std::optional<FieldSelector> field;
};

struct EnvVar {
  std::string name;
  std::string value;  // $(OTHER) refers to variables defined before it
  std::optional<EnvVarSource> value_from;
};

// A whole ConfigMap or Secret.
struct ObjectSelector {
  std::string name;
  bool optional = false;
};

struct EnvFromSource {
  std::string prefix;
  std::optional<ObjectSelector> config_map;
  std::optional<ObjectSelector> secret;
};

struct Container {
  std::string name;
  std::string image;
  std::vector<std::string> command;  // $(VAR) is expanded from the environment
  std::vector<std::string> args;
  std::string working_dir;  // empty: that of gantry
  std::vector<EnvVar> env;
  std::vector<EnvFromSource> env_from;
};

struct PodTemplate {
  ObjectMeta metadata;                // the name is the pod's, so it is empty here
  std::vector<Container> containers;  // at least one
  std::int32_t termination_grace_period_s = 30;
};

struct Deployment {
  ObjectMeta metadata;
  int line = 0;
  std::string file;

  std::int32_t replicas = 1;
  LabelSelector selector;
  PodTemplate pod;
  // From the annotation gantry/local-command: replaces command and args of the container on this machine, because an
  // image's entry point cannot be known here. Not empty when present.
  std::optional<std::vector<std::string>> local_command;

  // The container that is run here: the one that the annotation kubectl.kubernetes.io/default-container names, else the
  // first. The others belong to the cluster (sidecars).
  const Container& main_container() const;
};

const Schema<Deployment>& deployment_schema();

}  // namespace gantry::kube
