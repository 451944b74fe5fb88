// The jobs of a ScaledJob as local processes: start(n) starts n of them, each once. What KEDA's executor and the Job
// controller do on a cluster, as far as one machine needs it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>

#include "kube/manifest.h"
#include "workload/job.h"

namespace gantry::workload {

struct JobSetOptions {
  JobBackoff backoff;
  // Of each job; there are as many as run and as the history keeps.
  OutputLimits output{.lines_max = 50, .line_bytes_max = 1'024, .bytes_max = 16 << 10, .file_bytes_max = 1 << 20};
  std::string log_directory;  // one file a job, NAME.log; empty: none. Must exist.
  int jobs_max = 1'000;       // that are not finished; more are refused
  // NAME -> value that every pod gets unless the YAML sets NAME itself, by env or envFrom.
  std::map<std::string, std::string> environment;
  std::string gantry_file;  // what `command: ["gantry", ...]` runs; empty: this program itself
  // Every line that a pod prints.
  std::function<void(std::string_view job, std::string_view line)> on_line;
  // A pod is over, and all its lines were told.
  std::function<void(std::string_view job, const Exit& exit)> on_end;
  // After every change of a job's status. Must not destroy the JobSet.
  std::function<void()> on_change;
};

// All calls on the thread of the io_context, which must outlive the JobSet.
class JobSet {
 public:
  // `scaled_job` must be one of `manifest`. Errors: not_found (a ConfigMap, Secret or key that env refers to, named),
  // invalid_argument. So what cannot work is known before the first job is asked for.
  static Result<std::unique_ptr<JobSet>> create(boost::asio::io_context& io,
                                                std::shared_ptr<const kube::Manifest> manifest,
                                                const kube::ScaledJob& scaled_job, JobSetOptions options = {});
  // Kills what is left. In order: co_await stop() first.
  ~JobSet();
  JobSet(const JobSet&) = delete;
  JobSet& operator=(const JobSet&) = delete;

  const std::string& name() const { return spec_.metadata.name; }

  // Errors: resource_exhausted (jobs_max; as many as fit are started), cancelled (after stop()).
  Result<void> start(std::int64_t count);

  std::int64_t running() const;    // not finished
  std::int64_t pending() const;    // of these, without a pod that runs or has succeeded
  std::int64_t processes() const;  // pods that run
  // The most that ran at a time since this was asked before: jobs may be shorter than the time between two looks.
  std::int64_t take_most_processes();
  std::int64_t succeeded() const { return succeeded_; }  // ever, those that are forgotten too
  std::int64_t failed() const { return failed_; }        // the same
  std::vector<JobStatus> jobs() const;                   // in the order of their creation
  std::vector<OutputLine> output(std::string_view job, std::size_t lines_max = 200) const;
  void forget(std::string_view job);  // a finished one
  // The failure of the job that finished last; empty when that one succeeded, or none has finished.
  const std::string& last_error() const { return last_error_; }

  // Ends all that run, waits until no process is left. grace: instead of the pods' own, when shorter.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace = std::chrono::hours(1));

 private:
  JobSet(boost::asio::io_context& io, std::shared_ptr<const kube::Manifest> manifest, kube::ScaledJob spec,
         JobSetOptions options);

  Result<Command> command_for(const std::string& job, const std::string& pod) const;
  void add_job();
  void changed(std::int64_t number);
  void remove(std::int64_t number);

  struct Entry {
    std::unique_ptr<Job> job;
    bool counted = false;  // among succeeded_ or failed_
  };

  boost::asio::io_context& io_;
  std::shared_ptr<const kube::Manifest> manifest_;
  kube::ScaledJob spec_;
  JobSetOptions options_;
  std::map<std::int64_t, Entry> jobs_;  // by number
  std::int64_t created_ = 0;
  std::int64_t most_processes_ = 0;
  std::int64_t succeeded_ = 0;
  std::int64_t failed_ = 0;
  bool stopped_ = false;
  std::string last_error_;
  boost::asio::steady_timer all_gone_;  // never expires by itself: cancelled when the last job goes
};

}  // namespace gantry::workload
