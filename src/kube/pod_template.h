// The pods that a Deployment or a Job makes: as much of them as a machine without a kubelet can run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kube/metadata.h"

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
  // From the annotation gantry/local-command on the object that the template belongs to: replaces command and args of
  // the container on this machine, because an image's entry point cannot be known here. Not empty when present.
  std::optional<std::vector<std::string>> local_command;
  // What the annotation kubectl.kubernetes.io/default-container of that object names; the template's own goes first.
  std::string default_container;

  // The container that is run here: the one that the annotation names, else the first. The others belong to the cluster
  // (sidecars).
  const Container& main_container() const;
};

const Schema<PodTemplate>& pod_template_schema();

// For the object that a template belongs to, whose `spec...template` the path names: takes the annotations that steer
// which container is run and how, and reports a container that cannot be run here.
void settle_main_container(Reading& reading, const Node& object, const ObjectMeta& metadata,
                           std::initializer_list<std::string_view> path_of_template, PodTemplate& pod);
// Reads gantry/local-command.
void read_local_command(Reading& reading, const Node& node, PodTemplate& pod);

}  // namespace gantry::kube
