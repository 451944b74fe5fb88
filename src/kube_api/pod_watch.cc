#include "kube_api/pod_watch.h"

#include <utility>

namespace gantry::kube_api {

namespace json = boost::json;

namespace {

// A pod that has no address yet is none that a consumer connects from.
std::optional<Pod> pod_of(const json::object& object) {
  const json::object* metadata = object_of(object, "metadata");
  const json::object* status = object_of(object, "status");
  if (metadata == nullptr || status == nullptr || text_of(*status, "phase") != "Running") return std::nullopt;
  Pod pod;
  pod.name = text_of(*metadata, "name");
  pod.ip = text_of(*status, "podIP");
  if (pod.name.empty() || pod.ip.empty()) return std::nullopt;
  if (const json::object* labels = object_of(*metadata, "labels")) {
    for (const auto& [key, value] : *labels) {
      if (value.is_string()) pod.labels.emplace(key, std::string(value.get_string()));
    }
  }
  return pod;
}

template <class Namespaces>
void forget(Namespaces& namespaces, std::string_view namespace_, std::string_view name) {
  auto pods = namespaces.find(namespace_);
  if (pods == namespaces.end()) return;
  if (auto pod = pods->second.find(name); pod != pods->second.end()) pods->second.erase(pod);
  if (pods->second.empty()) namespaces.erase(pods);
}

}  // namespace

PodWatch::PodWatch(std::shared_ptr<Client> client, PodWatchConfig config) : config_(std::move(config)) {
  WatchConfig watch;
  watch.path = config_.namespace_.empty() ? "/api/v1/pods" : "/api/v1/namespaces/" + config_.namespace_ + "/pods";
  watch.list.label_selector = config_.label_selector;
  watch.list.field_selector = "status.phase=Running";
  watch.list.items_max = config_.pods_max;
  WatchOwner owner;
  owner.begin_list = [pods = pods_] {
    pods->coming.clear();
    pods->listing = true;
  };
  owner.end_list = [pods = pods_] {
    pods->kept = std::exchange(pods->coming, {});
    pods->listing = false;
  };
  owner.put = [pods = pods_](const json::object& object) {
    const json::object* metadata = object_of(object, "metadata");
    if (metadata == nullptr) return;
    const std::string namespace_(text_of(*metadata, "namespace"));
    auto& into = pods->listing ? pods->coming : pods->kept;
    forget(into, namespace_, text_of(*metadata, "name"));
    if (auto pod = pod_of(object)) into[namespace_].emplace(pod->name, std::move(*pod));
  };
  owner.erase = [pods = pods_](const json::object& object) {
    const json::object* metadata = object_of(object, "metadata");
    if (metadata != nullptr) forget(pods->kept, text_of(*metadata, "namespace"), text_of(*metadata, "name"));
  };
  watch_ = std::make_unique<Watch>(std::move(client), std::move(watch), std::move(owner));
}

Result<std::vector<Pod>> PodWatch::find(std::string_view namespace_, const kube::LabelSelector& selector) const {
  const auto fresh_at = watch_->fresh_at();
  if (!fresh_at || std::chrono::steady_clock::now() - *fresh_at > config_.stale_after) {
    return fail(Errc::unavailable, "the pods are not known: {}", watch_->last_error());
  }
  std::vector<Pod> found;
  const auto pods = pods_->kept.find(namespace_);
  if (pods == pods_->kept.end()) return found;
  for (const auto& [name, pod] : pods->second) {
    if (selector.matches(pod.labels)) found.push_back(pod);
  }
  return found;
}

std::size_t PodWatch::size() const {
  std::size_t size = 0;
  for (const auto& [namespace_, pods] : pods_->kept) size += pods.size();
  return size;
}

}  // namespace gantry::kube_api
