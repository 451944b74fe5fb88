// A Kubernetes Deployment as local processes: set_replicas(n) starts and stops them. What the ReplicaSet controller and
// the kubelet do on a cluster, as far as one machine needs it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>

#include "kube/manifest.h"
#include "workload/replica.h"

namespace gantry::workload {

struct DeploymentOptions {
  RestartPolicy restart;
  OutputLimits output;
  std::string log_directory;  // one file a replica, NAME.log; empty: none. Must exist.
  int replicas_max = 1000;
  // NAME -> value that every replica gets unless the YAML sets NAME itself, by env or envFrom.
  std::map<std::string, std::string> environment;
  std::string gantry_file;  // what `command: ["gantry", ...]` runs; empty: this program itself
  // Every line that a replica prints.
  std::function<void(std::string_view replica, std::string_view line)> on_line;
  // A run of a replica is over, and all its lines were told.
  std::function<void(std::string_view replica, const Exit& exit)> on_end;
  // After every change of a replica's state. Must not destroy the Deployment.
  std::function<void()> on_change;
};

// All calls on the thread of the io_context, which must outlive the Deployment.
class Deployment {
 public:
  // `deployment` must be one of `manifest`. Errors: not_found (a ConfigMap, Secret or key that env refers to, named),
  // invalid_argument. So what cannot work is known before the first replica is asked for.
  static Result<std::unique_ptr<Deployment>> create(boost::asio::io_context& io,
                                                    std::shared_ptr<const kube::Manifest> manifest,
                                                    const kube::Deployment& deployment, DeploymentOptions options = {});

  // Kills what is left. In order: co_await stop() first.
  ~Deployment();
  Deployment(const Deployment&) = delete;
  Deployment& operator=(const Deployment&) = delete;

  const std::string& name() const { return spec_.metadata.name; }
  const std::string& namespace_() const { return spec_.metadata.namespace_; }

  // Errors: invalid_argument (negative, or above replicas_max), cancelled (after stop()).
  Result<void> set_replicas(int count);

  int desired() const { return desired_; }
  int current() const;  // all that are not terminating: what `status.replicas` is to an autoscaler
  int ready() const;    // running
  std::vector<ReplicaStatus> replicas() const;  // terminating ones included, by index
  // The last lines of a replica, oldest first; empty when there is no such replica.
  std::vector<OutputLine> output(std::string_view replica, std::size_t lines_max = 200) const;
  // The last failure of any replica, kept when that replica is gone; empty when none has failed.
  std::string last_error() const { return last_error_; }

  // Scales to 0 and waits until no process is left. grace: instead of the pod's own, when shorter.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace = std::chrono::hours(1));

 private:
  Deployment(boost::asio::io_context& io, std::shared_ptr<const kube::Manifest> manifest, kube::Deployment spec,
             DeploymentOptions options);

  Result<Command> command_for(const std::string& replica) const;
  void add_replica();
  void remove_replica();
  void remove(int index);
  void changed(int index);
  std::chrono::milliseconds grace_period() const;

  boost::asio::io_context& io_;
  std::shared_ptr<const kube::Manifest> manifest_;
  kube::Deployment spec_;
  DeploymentOptions options_;
  int desired_ = 0;
  bool stopped_ = false;
  std::string last_error_;
  std::map<int, std::unique_ptr<Replica>> replicas_;  // by index; terminating ones keep theirs until they are gone
  boost::asio::steady_timer all_gone_;                // never expires by itself: cancelled when the last replica goes
};

}  // namespace gantry::workload
