// What Kubernetes says of the replicas that our lag makes: ScaledObjects and the HPAs that KEDA keeps for them, cut down
// to what the page shows. Pure; replica_watch.h fills it. Without access to the API server everything is unknown.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gantry::scaler {

struct ObjectReplicas {
  std::optional<std::int32_t> min, max;          // minReplicaCount, maxReplicaCount
  std::optional<std::int32_t> current, desired;  // the HPA's status
  std::string hpa;                               // its name
  std::string problem;  // what KEDA or the HPA complain about, in their words: not ready, or no scaling; empty: nothing
  bool paused = false;
  bool fallback = false;
  std::string unknown;  // why current and desired are; empty: they are known
};

class Replicas {
 public:
  static constexpr std::size_t kObjectsMax = 50'000;  // of each kind; further ones are unknown

  // Why nothing is known; empty: it is.
  const std::string& unknown() const { return unknown_; }
  void set_unknown(std::string why) { unknown_ = std::move(why); }

  // keda.sh/v1alpha1 ScaledObject and autoscaling/v2 HorizontalPodAutoscaler, as the API server has them.
  void put_scaled_object(const boost::json::object& object);
  void put_hpa(const boost::json::object& object);
  void erase_scaled_object(const boost::json::object& object);
  void erase_hpa(const boost::json::object& object);
  // What is put between begin and end replaces what was.
  void begin_scaled_objects() { ++scaled_objects_.generation; }
  void end_scaled_objects() { scaled_objects_.erase_older(); }
  void begin_hpas() { ++hpas_.generation; }
  void end_hpas() { hpas_.erase_older(); }

  ObjectReplicas find(const std::string& namespace_, const std::string& name) const;

 private:
  using Name = std::pair<std::string, std::string>;  // namespace, name
  struct ScaledObject {
    std::uint64_t generation = 0;
    std::optional<std::int32_t> min, max;
    std::string hpa, problem;
    bool paused = false, fallback = false;
  };
  struct Hpa {
    std::uint64_t generation = 0;
    std::optional<std::int32_t> current, desired;
    std::string problem;
  };
  template <class Kept>
  struct List {
    Kept* put(const boost::json::object& object, Name& name);  // null: no name, or no room
    void erase(const boost::json::object& object);
    void erase_older() {
      std::erase_if(kept, [this](const auto& entry) { return entry.second.generation != generation; });
    }

    std::map<Name, Kept> kept;
    std::uint64_t generation = 0;  // of the newest list
  };

  std::string unknown_ = "no access to the Kubernetes API";
  List<ScaledObject> scaled_objects_;
  List<Hpa> hpas_;
};

}  // namespace gantry::scaler
