// A Kubernetes Job as local processes: pods that end, so many at a time until so many have succeeded, started again with
// growing delay when they fail, given up after backoffLimit failures or activeDeadlineSeconds.
// Source of the rules: batch/v1 JobSpec.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "kube/scaled_job.h"
#include "workload/delayed_call.h"
#include "workload/output.h"
#include "workload/process.h"

namespace gantry::workload {

enum class JobState {
  pending,      // no pod of it runs: the first is being started, or the next waits after a failure
  running,      // a pod runs
  terminating,  // it has failed or is stopped, and its pods are ending
  complete,
  failed,
};

std::string_view to_string(JobState state);  // "Pending", "Running", "Terminating", "Complete", "Failed"

inline bool is_finished(JobState state) { return state == JobState::complete || state == JobState::failed; }

// A snapshot for pages, reports and tests.
struct JobStatus {
  std::string name;  // "resize-7"
  JobState state = JobState::pending;
  std::int32_t running = 0;    // pods, their processes running
  std::int32_t succeeded = 0;  // pods
  std::int32_t failed = 0;     // pods
  std::optional<pid_t> pid;    // of one running pod
  std::optional<std::chrono::system_clock::time_point> started_at;
  std::optional<std::chrono::system_clock::time_point> ended_at;
  std::optional<int> exit_code;    // of the last pod that ended
  std::optional<int> exit_signal;  // the same
  std::string reason;              // why it failed: "BackoffLimitExceeded", "DeadlineExceeded"; else empty
  std::string last_error;          // of the last pod that failed, with its last lines of output
};

// Before a pod follows one that failed. The Job controller's are 10 s and 6 min; on a laptop somebody watches.
struct JobBackoff {
  std::chrono::milliseconds delay_first{1'000};  // then doubled
  std::chrono::milliseconds delay_max{60'000};
};

// All calls on the thread of the io_context.
class Job {
 public:
  struct Events {
    std::function<void()> changed;                    // the status is another one; the job may be finished
    std::function<void(std::string_view line)> line;  // a pod has printed a line
    std::function<void(const Exit&)> ended;           // a pod is over, after its last line
    std::function<void()> gone;                       // after stop(): no process is left; may destroy the job
  };
  // The command of the pod of that name.
  using MakeCommand = std::function<Result<Command>(const std::string& pod)>;

  Job(boost::asio::io_context& io, std::string name, const kube::JobTemplate& spec, MakeCommand command,
      JobBackoff backoff, OutputLimits limits, std::string log_file, Events events);
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  void start();
  // SIGTERM to its pods now, SIGKILL after `grace` or the pods' own grace period, whichever is shorter; then `gone`.
  // A finished one is gone at once, with the next turn.
  void stop(std::chrono::milliseconds grace);

  const JobStatus& status() const { return status_; }
  const Output& output() const { return output_; }

 private:
  struct Pod {
    std::shared_ptr<Process> process;
    std::optional<pid_t> pid;
    std::chrono::steady_clock::time_point since;
    std::size_t lines_before = 0;  // of output, when it began
  };

  bool needs_more() const;
  void start_pods();
  void start_pod();
  void on_exit(int number, const Exit& exit);
  void pod_failed(std::string error);
  void fail(std::string reason);
  void end_pods(std::chrono::milliseconds grace);
  void settle();
  void finish(JobState state);
  void update();

  boost::asio::io_context& io_;
  kube::JobTemplate spec_;
  MakeCommand command_;
  JobBackoff backoff_;
  Events events_;
  JobStatus status_;
  Output output_;
  std::map<int, Pod> pods_;  // at work, by number
  int pods_ever_ = 0;
  int failures_in_a_row_ = 0;
  std::chrono::steady_clock::time_point next_start_;  // not before
  bool ending_ = false;                               // no further pod is started
  bool stopped_ = false;
  DelayedCall retry_;
  DelayedCall deadline_;
  DelayedCall kill_;
};

}  // namespace gantry::workload
