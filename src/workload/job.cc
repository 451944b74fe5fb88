#include "workload/job.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace gantry::workload {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

namespace {

constexpr std::size_t kLastLines = 3;

}  // namespace

std::string_view to_string(JobState state) {
  switch (state) {
    case JobState::pending: return "Pending";
    case JobState::running: return "Running";
    case JobState::terminating: return "Terminating";
    case JobState::complete: return "Complete";
    case JobState::failed: return "Failed";
  }
  return "Unknown";
}

Job::Job(boost::asio::io_context& io, std::string name, const kube::JobTemplate& spec, MakeCommand command,
         JobBackoff backoff, OutputLimits limits, std::string log_file, Events events)
    : io_(io),
      spec_(spec),
      command_(std::move(command)),
      backoff_(backoff),
      events_(std::move(events)),
      output_(limits, std::move(log_file)),
      next_start_(steady_clock::now()),
      retry_(io),
      deadline_(io),
      kill_(io) {
  status_.name = std::move(name);
  output_.on_line = events_.line;
}

Job::~Job() {
  for (auto& [number, pod] : pods_) {
    if (pod.process) pod.process->kill();  // all at once, then wait for each
  }
  for (auto& [number, pod] : pods_) {
    if (pod.process) pod.process->abandon();
  }
}

void Job::start() {
  status_.started_at = system_clock::now();
  if (spec_.active_deadline_s)
    deadline_.after(std::chrono::seconds(*spec_.active_deadline_s), [this] { fail("DeadlineExceeded"); });
  start_pods();
}

bool Job::needs_more() const {
  const auto at_work = static_cast<std::int32_t>(pods_.size());
  if (at_work >= spec_.pods_at_a_time()) return false;
  // a queue of work: who succeeds has seen its end, so nobody joins any more
  if (!spec_.completions && spec_.pods_at_a_time() > 1) return status_.succeeded == 0;
  return status_.succeeded + at_work < spec_.completions_needed();
}

void Job::start_pods() {
  while (!ending_ && needs_more()) {
    if (steady_clock::now() < next_start_) {
      retry_.at(next_start_, [this] { start_pods(); });
      break;
    }
    start_pod();
  }
  update();
}

// The handlers name `this` without keeping it: the destructor abandons the processes, which then call none of them.
void Job::start_pod() {
  const int number = pods_ever_++;
  auto command = command_(fmt::format("{}-{}", status_.name, number));
  if (!command) return pod_failed(command.error().message);
  Pod& pod = pods_[number];
  pod.since = steady_clock::now();
  pod.lines_before = output_.lines_ever();
  auto process =
      Process::start(io_, *command,
                     {.on_started =
                          [this, number](pid_t pid) {
                            pods_[number].pid = pid;
                            update();
                          },
                      .on_output = [this](std::string_view bytes) { output_.append(bytes, system_clock::now()); },
                      .on_exit = [this, number](const Exit& exit) { on_exit(number, exit); }});
  if (!process) {
    pods_.erase(number);
    return pod_failed(process.error().message);
  }
  pod.process = std::move(*process);
}

void Job::on_exit(int number, const Exit& exit) {
  output_.end_line(system_clock::now());
  if (events_.ended) events_.ended(exit);
  const Pod pod = std::exchange(pods_[number], {});
  pods_.erase(number);
  status_.exit_code = exit.code;
  status_.exit_signal = exit.signal;
  if (exit.code == 0) {
    ++status_.succeeded;
    failures_in_a_row_ = 0;
  } else if (!ending_) {
    const std::chrono::duration<double> ran = steady_clock::now() - pod.since;
    std::string error = fmt::format("{} after {:.1f} s", to_string(exit), ran.count());
    if (std::string last = output_.last_words(kLastLines, pod.lines_before); !last.empty()) error += ": " + last;
    pod_failed(std::move(error));
  }
  settle();
}

void Job::pod_failed(std::string error) {
  ++status_.failed;
  status_.last_error = std::move(error);
  const int doublings = std::min(failures_in_a_row_++, 16);
  next_start_ = steady_clock::now() + std::min(backoff_.delay_first * (1 << doublings), backoff_.delay_max);
  if (status_.failed > spec_.backoff_limit) fail("BackoffLimitExceeded");
}

void Job::fail(std::string reason) {
  if (ending_) return;
  spdlog::warn("job {}: {}{}{}", status_.name, reason, status_.last_error.empty() ? "" : ": ", status_.last_error);
  status_.reason = std::move(reason);
  ending_ = true;
  end_pods(std::chrono::seconds(spec_.pod.termination_grace_period_s));
  settle();
}

void Job::end_pods(milliseconds grace) {
  retry_.cancel();
  deadline_.cancel();
  for (auto& [number, pod] : pods_) {
    if (pod.process) pod.process->terminate();
  }
  if (pods_.empty()) return;
  kill_.after(grace, [this] {
    spdlog::warn("job {}: still running after its grace period: killed", status_.name);
    for (auto& [number, pod] : pods_) {
      if (pod.process) pod.process->kill();
    }
  });
}

// What follows from the pods that are left.
void Job::settle() {
  if (!pods_.empty()) return start_pods();
  if (stopped_) {
    kill_.cancel();
    const auto gone = events_.gone;  // the job may be destroyed in it
    if (gone) gone();
    return;
  }
  if (is_finished(status_.state)) return;
  if (ending_) return finish(JobState::failed);
  if (needs_more()) return start_pods();
  finish(JobState::complete);
}

void Job::finish(JobState state) {
  ending_ = true;
  retry_.cancel();
  deadline_.cancel();
  kill_.cancel();
  status_.ended_at = system_clock::now();
  status_.state = state;
  update();
}

void Job::update() {
  status_.running = 0;
  status_.pid.reset();
  for (const auto& [number, pod] : pods_) {
    if (!pod.pid) continue;
    ++status_.running;
    status_.pid = pod.pid;
  }
  if (!is_finished(status_.state)) {
    status_.state = ending_ ? JobState::terminating : status_.running > 0 ? JobState::running : JobState::pending;
  }
  if (events_.changed) events_.changed();
}

void Job::stop(milliseconds grace) {
  stopped_ = true;
  ending_ = true;
  end_pods(std::min<milliseconds>(grace, std::chrono::seconds(spec_.pod.termination_grace_period_s)));
  if (pods_.empty()) {
    kill_.after(milliseconds(0), [this] { settle(); });  // not from within stop(): the caller still holds the job
  } else {
    update();
  }
}

}  // namespace gantry::workload
