#include "kube/manifest.h"

#include <algorithm>
#include <set>

#include "kube/scalar.h"

namespace gantry::kube {
namespace {

class Loader;
using Load = void (*)(Loader&, const Node&);

struct Kind {
  std::string_view api_version;
  std::string_view kind;
  Load load = nullptr;  // nullptr: accepted and ignored
};

const std::vector<Kind>& kinds();

class Loader {
 public:
  Loader(std::string_view file, const Limits& limits) : reading_(file, limits.problems_max) {}

  void load(const Node& node) {
    if (node.kind != Node::Kind::mapping) return reading_.expected(node, "a Kubernetes object");
    const std::string api_version = header(node, "apiVersion");
    const std::string kind = header(node, "kind");
    if (api_version.empty() || kind.empty()) return;
    for (const Kind& row : kinds()) {
      if (row.api_version != api_version || row.kind != kind) continue;
      reading_.object(row.kind);
      return row.load != nullptr ? row.load(*this, node) : ignore_object(node, kind);
    }
    refuse_kind(node, api_version, kind);
  }

  template <class T>
  void add(const Node& node, const Schema<T>& schema, std::vector<T>& objects) {
    T& object = objects.emplace_back();
    object.line = node.line;
    object.file = reading_.file();
    schema.read(reading_, node, object);
  }

  void add_list(const Node& node) {
    const Node* items = node.find("items");
    if (items == nullptr || items->kind != Node::Kind::sequence)
      return reading_.problem(node.line, "expected items, got none");
    Reading::Scope scope(reading_, "items");
    for (std::size_t i = 0; i < items->items.size(); ++i) {
      Reading::Scope item(reading_, i);
      load(items->items[i]);
    }
  }

  std::expected<Manifest, std::vector<Problem>> finish(std::vector<Problem> syntax) {
    std::vector<Problem> problems = std::move(reading_.problems());
    problems.insert(problems.end(), syntax.begin(), syntax.end());
    std::ranges::stable_sort(problems, {}, &Problem::line);
    if (!problems.empty()) return std::unexpected(std::move(problems));
    manifest.ignored.assign(reading_.ignored().begin(), reading_.ignored().end());
    return std::move(manifest);
  }

  Manifest manifest;

 private:
  std::string header(const Node& node, std::string_view key) {
    std::string out;
    Reading::Scope scope(reading_, key);
    const Node* value = node.find(key);
    if (value == nullptr) {
      reading_.problem(node.line, "expected a value, got nothing");
    } else {
      word()(reading_, *value, out);
    }
    return out;
  }

  void ignore_object(const Node& node, const std::string& kind) {
    const Node* metadata = node.find("metadata");
    const Node* name = metadata == nullptr ? nullptr : metadata->find("name");
    reading_.object(kind);
    reading_.ignore_entry(name == nullptr ? "without a name" : shortened(name->text));
  }

  void refuse_kind(const Node& node, const std::string& api_version, const std::string& kind) {
    // a group of somebody else's custom resources: nothing is known about it, and nothing need be
    const std::string_view group = std::string_view(api_version).substr(0, api_version.find('/'));
    const bool is_known_group = std::ranges::any_of(
        kinds(), [&](const Kind& row) { return row.api_version.substr(0, row.api_version.find('/')) == group; });
    const bool is_custom = group.find('.') != std::string_view::npos && !group.ends_with(".k8s.io") && !is_known_group;
    if (is_custom) return ignore_object(node, kind);
    Reading::Scope scope(reading_, "kind");
    std::string message =
        fmt::format("expected a kind that Kubernetes has, got {} of {}", quoted(kind), quoted(api_version));
    for (const Kind& row : kinds()) {
      if (row.kind == kind) message += fmt::format(" (did you mean apiVersion {}?)", row.api_version);
    }
    reading_.problem(line_of(node, {"kind"}), std::move(message));
  }

  Reading reading_;
};

void load_deployment(Loader& loader, const Node& node) {
  loader.add(node, deployment_schema(), loader.manifest.deployments);
}
void load_scaled_object(Loader& loader, const Node& node) {
  loader.add(node, scaled_object_schema(), loader.manifest.scaled_objects);
}
void load_scaled_job(Loader& loader, const Node& node) {
  loader.add(node, scaled_job_schema(), loader.manifest.scaled_jobs);
}
void load_authentication(Loader& loader, const Node& node) {
  loader.add(node, trigger_authentication_schema(), loader.manifest.trigger_authentications);
  loader.manifest.trigger_authentications.back().cluster_wide =
      node.find("kind")->text == "ClusterTriggerAuthentication";
}
void load_config_map(Loader& loader, const Node& node) {
  loader.add(node, config_map_schema(), loader.manifest.config_maps);
}
void load_secret(Loader& loader, const Node& node) { loader.add(node, secret_schema(), loader.manifest.secrets); }
void load_list(Loader& loader, const Node& node) { loader.add_list(node); }

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> table = {
      {"apps/v1", "Deployment", load_deployment},
      {"keda.sh/v1alpha1", "ScaledObject", load_scaled_object},
      {"keda.sh/v1alpha1", "ScaledJob", load_scaled_job},
      {"keda.sh/v1alpha1", "TriggerAuthentication", load_authentication},
      {"keda.sh/v1alpha1", "ClusterTriggerAuthentication", load_authentication},
      {"v1", "ConfigMap", load_config_map},
      {"v1", "Secret", load_secret},
      {"v1", "List", load_list},
      // accepted and listed as ignored
      {"v1", "Namespace"},
      {"v1", "Service"},
      {"v1", "ServiceAccount"},
      {"v1", "Pod"},
      {"v1", "Endpoints"},
      {"v1", "PersistentVolume"},
      {"v1", "PersistentVolumeClaim"},
      {"v1", "ResourceQuota"},
      {"v1", "LimitRange"},
      {"v1", "ReplicationController"},
      {"v1", "PodTemplate"},
      {"v1", "Node"},
      {"v1", "Event"},
      {"apps/v1", "StatefulSet"},
      {"apps/v1", "DaemonSet"},
      {"apps/v1", "ReplicaSet"},
      {"apps/v1", "ControllerRevision"},
      {"batch/v1", "Job"},
      {"batch/v1", "CronJob"},
      {"autoscaling/v1", "HorizontalPodAutoscaler"},
      {"autoscaling/v2", "HorizontalPodAutoscaler"},
      {"policy/v1", "PodDisruptionBudget"},
      {"networking.k8s.io/v1", "Ingress"},
      {"networking.k8s.io/v1", "IngressClass"},
      {"networking.k8s.io/v1", "NetworkPolicy"},
      {"rbac.authorization.k8s.io/v1", "Role"},
      {"rbac.authorization.k8s.io/v1", "RoleBinding"},
      {"rbac.authorization.k8s.io/v1", "ClusterRole"},
      {"rbac.authorization.k8s.io/v1", "ClusterRoleBinding"},
      {"scheduling.k8s.io/v1", "PriorityClass"},
      {"storage.k8s.io/v1", "StorageClass"},
      {"apiregistration.k8s.io/v1", "APIService"},
      {"apiextensions.k8s.io/v1", "CustomResourceDefinition"},
      {"admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"},
      {"admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"},
      {"coordination.k8s.io/v1", "Lease"},
  };
  return table;
}

template <class T>
const T* find(const std::vector<T>& objects, std::string_view namespace_, std::string_view name) {
  auto found = std::ranges::find_if(
      objects, [&](const T& o) { return o.metadata.name == name && o.metadata.namespace_ == namespace_; });
  return found == objects.end() ? nullptr : &*found;
}

template <class T>
void check_unique(const std::vector<T>& objects, std::vector<Problem>& problems) {
  std::map<std::pair<std::string, std::string>, const T*> seen;
  for (const T& object : objects) {
    auto [first, is_new] = seen.try_emplace({object.metadata.namespace_, object.metadata.name}, &object);
    if (is_new) continue;
    problems.push_back({object.file, object.line, "metadata.name",
                        fmt::format("expected each object once, got {} again (first at {}:{})",
                                    quoted(object.metadata.name), first->second->file, first->second->line)});
  }
}

// Of an object with triggers.
template <class T>
void check_authentications(const Manifest& manifest, const T& object, std::vector<Problem>& problems) {
  for (const Trigger& trigger : object.triggers) {
    const auto& ref = trigger.authentication_ref;
    if (!ref || manifest.trigger_authentication(object.metadata.namespace_, *ref) != nullptr) continue;
    problems.push_back({object.file, trigger.line, "authenticationRef.name",
                        fmt::format("expected a {}, got {}, which does not exist", ref->kind, quoted(ref->name))});
  }
}

void check_references(const Manifest& manifest, std::vector<Problem>& problems) {
  std::map<const Deployment*, const ScaledObject*> scaled_by;
  for (const ScaledObject& object : manifest.scaled_objects) {
    const Deployment* target = manifest.deployment(object.metadata.namespace_, object.scale_target_ref.name);
    const std::string path = "spec.scaleTargetRef.name";
    if (target == nullptr) {
      problems.push_back(
          {object.file, object.line, path,
           fmt::format(
               "expected a Deployment of namespace {} in these files, got {}, which is none (other kinds are not run "
               "on one machine)",
               object.metadata.namespace_, quoted(object.scale_target_ref.name))});
    } else if (auto [first, is_new] = scaled_by.try_emplace(target, &object); !is_new) {
      problems.push_back({object.file, object.line, path,
                          fmt::format("expected a Deployment of its own, got {}, which ScaledObject {} scales",
                                      quoted(target->metadata.name), quoted(first->second->metadata.name))});
    }
    check_authentications(manifest, object, problems);
  }
  for (const ScaledJob& object : manifest.scaled_jobs) check_authentications(manifest, object, problems);
}

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

const Deployment* Manifest::deployment(std::string_view namespace_, std::string_view name) const {
  return find(deployments, namespace_, name);
}
const ConfigMap* Manifest::config_map(std::string_view namespace_, std::string_view name) const {
  return find(config_maps, namespace_, name);
}
const Secret* Manifest::secret(std::string_view namespace_, std::string_view name) const {
  return find(secrets, namespace_, name);
}
const TriggerAuthentication* Manifest::trigger_authentication(std::string_view namespace_,
                                                              const AuthenticationRef& ref) const {
  const bool cluster_wide = ref.kind == "ClusterTriggerAuthentication";
  for (const TriggerAuthentication& object : trigger_authentications) {
    const bool is_visible = cluster_wide || object.metadata.namespace_ == namespace_;
    if (object.cluster_wide == cluster_wide && is_visible && object.metadata.name == ref.name) return &object;
  }
  return nullptr;
}

std::expected<Manifest, std::vector<Problem>> parse_manifest(std::string_view text, std::string_view file,
                                                             const Limits& limits) {
  Documents read = read_documents(text, file, limits);
  Loader loader(file, limits);
  for (const Node& document : read.documents) loader.load(document);
  return loader.finish(std::move(read.problems));
}

std::expected<Manifest, std::vector<Problem>> parse_manifests(const std::vector<Source>& sources,
                                                              const Limits& limits) {
  Manifest all;
  std::vector<Problem> problems;
  for (const Source& source : sources) {
    auto one = parse_manifest(source.text, source.file, limits);
    if (!one) {
      append(problems, one.error());
      continue;
    }
    append(all.deployments, one->deployments);
    append(all.scaled_objects, one->scaled_objects);
    append(all.scaled_jobs, one->scaled_jobs);
    append(all.trigger_authentications, one->trigger_authentications);
    append(all.config_maps, one->config_maps);
    append(all.secrets, one->secrets);
    append(all.ignored, one->ignored);
  }
  // references are followed only in files that are themselves sound: else one slip shows as two problems
  if (problems.empty()) {
    check_unique(all.deployments, problems);
    check_unique(all.scaled_objects, problems);
    check_unique(all.scaled_jobs, problems);
    check_unique(all.trigger_authentications, problems);
    check_unique(all.config_maps, problems);
    check_unique(all.secrets, problems);
    check_references(all, problems);
  }
  if (!problems.empty()) return std::unexpected(std::move(problems));
  std::ranges::sort(all.ignored);
  const auto repeated = std::ranges::unique(all.ignored);
  all.ignored.erase(repeated.begin(), repeated.end());
  return all;
}

namespace {

// Every trigger of every object.
template <class Visit>
void for_each_trigger(Manifest& manifest, Visit visit) {
  for (ScaledObject& object : manifest.scaled_objects) std::ranges::for_each(object.triggers, visit);
  for (ScaledJob& object : manifest.scaled_jobs) std::ranges::for_each(object.triggers, visit);
}

}  // namespace

void redirect_name_servers(Manifest& manifest, const std::string& name_servers) {
  std::set<std::string> before;
  for_each_trigger(manifest, [&](const Trigger& trigger) {
    auto found = trigger.metadata.find("nameServers");
    if (trigger.rocketmq && found != trigger.metadata.end()) before.insert(found->second);
  });
  const auto redirect = [&](std::string& value) {
    if (before.contains(value)) value = name_servers;
  };
  const auto redirect_pod = [&](PodTemplate& pod) {
    for (Container& container : pod.containers) {
      for (EnvVar& variable : container.env) redirect(variable.value);
    }
  };
  for (ConfigMap& object : manifest.config_maps) {
    for (auto& [key, value] : object.data) redirect(value);
  }
  for (Secret& object : manifest.secrets) {
    for (auto& [key, value] : object.data) redirect(value);
  }
  for (Deployment& object : manifest.deployments) redirect_pod(object.pod);
  for (ScaledJob& object : manifest.scaled_jobs) redirect_pod(object.job.pod);
  for_each_trigger(manifest, [&](Trigger& trigger) {
    if (!trigger.rocketmq) return;
    auto found = trigger.metadata.find("nameServers");
    if (found != trigger.metadata.end()) redirect(found->second);
    auto parsed = parse_rocketmq_trigger(trigger.metadata, FromEnv::names);
    if (parsed) trigger.rocketmq = std::move(*parsed);
  });
}

}  // namespace gantry::kube
