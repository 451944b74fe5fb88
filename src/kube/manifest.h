// The objects of one or several files of Kubernetes YAML: the input of everything that runs a team's manifests on one
// machine. No file is opened here: text comes in with the name that errors are to show.
#pragma once

#include <expected>

#include "kube/config.h"
#include "kube/deployment.h"
#include "kube/scaled_job.h"
#include "kube/scaled_object.h"

namespace gantry::kube {

struct Manifest {
  std::vector<Deployment> deployments;
  std::vector<ScaledObject> scaled_objects;
  std::vector<ScaledJob> scaled_jobs;
  std::vector<TriggerAuthentication> trigger_authentications;
  std::vector<ConfigMap> config_maps;
  std::vector<Secret> secrets;
  // What Kubernetes knows and this machine cannot use, each once: "Service orders", "Deployment
  // spec.template.spec.affinity".
  std::vector<std::string> ignored;

  // nullptr when absent.
  const Deployment* deployment(std::string_view namespace_, std::string_view name) const;
  const ConfigMap* config_map(std::string_view namespace_, std::string_view name) const;
  const Secret* secret(std::string_view namespace_, std::string_view name) const;
  const TriggerAuthentication* trigger_authentication(std::string_view namespace_, const AuthenticationRef& ref) const;
};

struct Source {
  std::string file;
  std::string text;
};

// Parses one file. All problems of the file are reported, up to a limit; references to objects are not followed,
// because they may be in another file.
std::expected<Manifest, std::vector<Problem>> parse_manifest(std::string_view text, std::string_view file,
                                                             const Limits& limits = {});

// Parses files that belong together, then checks across them: objects defined twice, scale targets and authentications
// that do not exist, a Deployment with two ScaledObjects.
std::expected<Manifest, std::vector<Problem>> parse_manifests(const std::vector<Source>& sources,
                                                              const Limits& limits = {});

// Puts another RocketMQ cluster behind the manifest: values equal to a trigger's nameServers (in ConfigMaps, Secrets,
// container environments, trigger metadata) become `name_servers`. So a manifest that names an in-cluster address runs
// unmodified against a broker on this machine.
void redirect_name_servers(Manifest& manifest, const std::string& name_servers);

}  // namespace gantry::kube
