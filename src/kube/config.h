// ConfigMap and Secret (v1), and TriggerAuthentication (keda.sh/v1alpha1), which picks from them.
#pragma once

#include "kube/metadata.h"

namespace gantry::kube {

struct ConfigMap {
  ObjectMeta metadata;
  int line = 0;
  std::string file;
  StringMap data;
};

struct Secret {
  ObjectMeta metadata;
  int line = 0;
  std::string file;
  StringMap data;  // decoded; stringData has won over data
};

// One parameter of a trigger: from a key of a Secret or ConfigMap, or from an environment variable of the scale target.
struct AuthParameter {
  std::string parameter;
  std::string name;  // of the object, or of the variable
  std::string key;   // empty for a variable
};

struct TriggerAuthentication {
  ObjectMeta metadata;
  int line = 0;
  std::string file;
  bool cluster_wide = false;  // ClusterTriggerAuthentication
  std::vector<AuthParameter> secret_target_ref;
  std::vector<AuthParameter> config_map_target_ref;
  std::vector<AuthParameter> env;
};

const Schema<ConfigMap>& config_map_schema();
const Schema<Secret>& secret_schema();
const Schema<TriggerAuthentication>& trigger_authentication_schema();

}  // namespace gantry::kube
