// A Deployment (apps/v1).
#pragma once

#include <cstdint>
#include <string>

#include "kube/pod_template.h"
#include "kube/selector.h"

namespace gantry::kube {

struct Deployment {
  ObjectMeta metadata;
  int line = 0;
  std::string file;

  std::int32_t replicas = 1;
  LabelSelector selector;
  PodTemplate pod;
};

const Schema<Deployment>& deployment_schema();

}  // namespace gantry::kube
