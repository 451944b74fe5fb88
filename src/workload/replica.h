// One replica of a Deployment: its process, started again with growing delay when it ends (Kubernetes'
// CrashLoopBackOff), its state and its output.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>

#include "workload/output.h"
#include "workload/process.h"

namespace gantry::workload {

enum class ReplicaState {
  pending,  // being started for the first time
  running,
  terminating,  // told to end
  failed,       // could not be started at all; tried again as in back_off
  back_off,     // has ended and waits to be started again
};

std::string_view to_string(ReplicaState state);  // "Running"; CrashLoopBackOff is "BackOff"

// A snapshot for pages, reports and tests.
struct ReplicaStatus {
  std::string name;  // "orders-worker-0"
  int index = 0;
  ReplicaState state = ReplicaState::pending;
  std::optional<pid_t> pid;
  std::optional<std::chrono::system_clock::time_point> started_at;  // of the current or last run
  std::uint32_t restarts = 0;
  std::optional<int> exit_code;    // of the last run that ended
  std::optional<int> exit_signal;  // the same
  std::string last_error;          // why it is not running, or why it last stopped; with its last lines of output
};

// It cannot be started, or ends again and again.
inline bool is_failing(const ReplicaStatus& status) {
  return status.state == ReplicaState::failed || status.state == ReplicaState::back_off;
}

// The kubelet's are 10 s and 300 s; on a laptop somebody watches.
struct RestartPolicy {
  std::chrono::milliseconds delay_first{1000};  // then doubled
  std::chrono::milliseconds delay_max{30'000};
  int healthy_factor = 10;  // a run of this many times the last delay starts the sequence anew
};

// All calls on the thread of the io_context. Owned by its Deployment.
class Replica {
 public:
  struct Events {
    std::function<void()> changed;                    // the status is another one
    std::function<void(std::string_view line)> line;  // it has printed a line
    std::function<void(const Exit&)> ended;           // a run of it is over, after its last line
    std::function<void()> gone;  // after stop(): no process is left; the replica may be destroyed in it
  };

  Replica(boost::asio::io_context& io, int index, std::string name, Command command, RestartPolicy restart,
          OutputLimits limits, std::string log_file, Events events);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  void start();
  // SIGTERM now, SIGKILL after `grace` (at once when zero). Called again, the shorter time holds.
  void stop(std::chrono::milliseconds grace);

  std::chrono::steady_clock::time_point created_at() const { return created_at_; }
  const ReplicaStatus& status() const { return status_; }
  const Output& output() const { return output_; }

 private:
  void run();
  void set_state(ReplicaState state);
  void on_started(pid_t pid);
  void on_exit(const Exit& exit);
  void after(std::chrono::steady_clock::time_point when, void (Replica::*what)());
  void restart();
  void vanish();
  void enforce_grace();
  void end_run(ReplicaState next, std::string error);

  boost::asio::io_context& io_;
  const std::chrono::steady_clock::time_point created_at_ = std::chrono::steady_clock::now();
  Command command_;
  RestartPolicy restart_;
  Events events_;
  ReplicaStatus status_;
  Output output_;
  std::shared_ptr<Process> process_;
  boost::asio::steady_timer timer_;  // of the back-off, or of the grace period
  std::chrono::steady_clock::time_point run_since_;
  std::size_t lines_before_ = 0;  // of output, when the run began
  std::chrono::steady_clock::time_point kill_at_;
  std::chrono::milliseconds delay_{0};  // the last one; 0: none yet
  bool stopping_ = false;
  // A timer that has expired may have its handler queued when the replica is destroyed: the handler looks here first.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace gantry::workload
