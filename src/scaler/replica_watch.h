// Keeps Replicas as the API server has them, by a watch of ScaledObjects and one of HPAs. Needs get, list and watch of
// both. Lives on the io_context of its client.
#pragma once

#include <chrono>
#include <memory>

#include "kube_api/watch.h"
#include "scaler/replicas.h"

namespace gantry::scaler {

class ReplicaWatch {
 public:
  // Without the API server what it has said is believed for so long.
  static constexpr std::chrono::seconds kStaleAfter{60};

  explicit ReplicaWatch(std::shared_ptr<kube_api::Client> client);

  void start();
  void stop();

  // Unknown as a whole, with the reason, while one of the two lists is.
  const Replicas& now();

 private:
  std::shared_ptr<Replicas> replicas_ = std::make_shared<Replicas>();
  kube_api::Watch scaled_objects_, hpas_;
};

}  // namespace gantry::scaler
