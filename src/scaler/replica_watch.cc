#include "scaler/replica_watch.h"

namespace gantry::scaler {
namespace {

using Object = boost::json::object;

kube_api::WatchConfig config_of(const char* path) {
  kube_api::WatchConfig config;
  config.path = path;
  config.list.items_max = Replicas::kObjectsMax;
  return config;
}

kube_api::WatchOwner owner_of_scaled_objects(const std::shared_ptr<Replicas>& to) {
  return {[to] { to->begin_scaled_objects(); }, [to](const Object& object) { to->put_scaled_object(object); },
          [to](const Object& object) { to->erase_scaled_object(object); }, [to] { to->end_scaled_objects(); }};
}

kube_api::WatchOwner owner_of_hpas(const std::shared_ptr<Replicas>& to) {
  return {[to] { to->begin_hpas(); }, [to](const Object& object) { to->put_hpa(object); },
          [to](const Object& object) { to->erase_hpa(object); }, [to] { to->end_hpas(); }};
}

std::string why_unknown(const kube_api::Watch& watch) {
  const auto fresh_at = watch.fresh_at();
  if (fresh_at && std::chrono::steady_clock::now() - *fresh_at < ReplicaWatch::kStaleAfter) return {};
  return fmt::format("the Kubernetes API: {}", watch.last_error());
}

}  // namespace

ReplicaWatch::ReplicaWatch(std::shared_ptr<kube_api::Client> client)
    : scaled_objects_(client, config_of("/apis/keda.sh/v1alpha1/scaledobjects"), owner_of_scaled_objects(replicas_)),
      hpas_(client, config_of("/apis/autoscaling/v2/horizontalpodautoscalers"), owner_of_hpas(replicas_)) {}

void ReplicaWatch::start() {
  scaled_objects_.start();
  hpas_.start();
}

void ReplicaWatch::stop() {
  scaled_objects_.stop();
  hpas_.stop();
}

const Replicas& ReplicaWatch::now() {
  std::string unknown = why_unknown(scaled_objects_);
  if (unknown.empty()) unknown = why_unknown(hpas_);
  replicas_->set_unknown(std::move(unknown));
  return *replicas_;
}

}  // namespace gantry::scaler
