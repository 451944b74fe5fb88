// The running pods of the cluster, or of one namespace, as far as a metric of pods needs them: labels and address. The
// API server chooses those that run, so that neither side handles the others.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kube/selector.h"
#include "kube_api/watch.h"

namespace gantry::kube_api {

struct Pod {
  std::string name;
  std::string ip;
  kube::StringMap labels;
};

struct PodWatchConfig {
  std::string namespace_;                         // empty: all, which needs a ClusterRole
  std::string label_selector;                     // only these pods; empty: all
  std::size_t pods_max = 100'000;                 // about 100 MB; more is an error that says to choose
  std::chrono::milliseconds stale_after{60'000};  // without the API server pods are known for so long
};

class PodWatch {
 public:
  PodWatch(std::shared_ptr<Client> client, PodWatchConfig config = {});

  void start() { watch_->start(); }
  void stop() { watch_->stop(); }

  // Sorted by name. Errors: unavailable (the API server could not be asked yet, or not for a while; it says why).
  Result<std::vector<Pod>> find(std::string_view namespace_, const kube::LabelSelector& selector) const;
  std::size_t size() const;

 private:
  struct Pods {
    using Names = std::map<std::string, Pod, std::less<>>;
    std::map<std::string, Names, std::less<>> kept;  // by namespace
    std::map<std::string, Names, std::less<>> coming;
    bool listing = false;
  };

  PodWatchConfig config_;
  std::shared_ptr<Pods> pods_ = std::make_shared<Pods>();
  std::unique_ptr<Watch> watch_;
};

}  // namespace gantry::kube_api
