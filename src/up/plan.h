// What the YAML files ask for, checked as a whole before anything is started.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "kube/manifest.h"
#include "scaling/scaled_job_spec.h"
#include "scaling/spec.h"
#include "up/options.h"

namespace gantry::up {

struct Plan {
  std::shared_ptr<kube::Manifest> manifest;
  std::vector<scaling::ScaledObjectSpec> specs;           // of manifest->scaled_objects, in their order
  std::vector<scaling::ScaledJobSpec> job_specs;          // of manifest->scaled_jobs, in their order
  std::optional<kube::Generator> generator;               // of the first object that has one
  std::string generator_off;                              // why the generator of the YAML is not used, for people
  bool embedded = false;                                  // run our own broker
  bool new_broker = false;                                // ... which begins empty
  std::map<std::string, std::string> worker_environment;  // unless the YAML sets it: how to reach the cluster
  std::string name_servers;                               // of the cluster to use; with an embedded broker set later
  std::int32_t replicas_at_rest = 0;                      // of all objects together, with the jobs that always run
};

// Reads the files. The error's message has a line for each problem, with file, line and path.
Result<Plan> make_plan(const Options& options);

}  // namespace gantry::up
