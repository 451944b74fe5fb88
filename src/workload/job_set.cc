#include "workload/job_set.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "workload/own_program.h"
#include "workload/pod_command.h"

namespace gantry::workload {

Result<std::unique_ptr<JobSet>> JobSet::create(boost::asio::io_context& io,
                                               std::shared_ptr<const kube::Manifest> manifest,
                                               const kube::ScaledJob& scaled_job, JobSetOptions options) {
  if (scaled_job.job.pod.containers.empty())
    return fail(Errc::invalid_argument, "ScaledJob {} has no container", scaled_job.metadata.name);
  std::unique_ptr<JobSet> out(new JobSet(io, std::move(manifest), scaled_job, std::move(options)));
  const std::string first = scaled_job.metadata.name + "-0";
  if (auto command = out->command_for(first, first + "-0"); !command)
    return std::unexpected(in_context("ScaledJob " + scaled_job.metadata.name, command.error()));
  return out;
}

JobSet::JobSet(boost::asio::io_context& io, std::shared_ptr<const kube::Manifest> manifest, kube::ScaledJob spec,
               JobSetOptions options)
    : io_(io), manifest_(std::move(manifest)), spec_(std::move(spec)), options_(std::move(options)), all_gone_(io) {
  all_gone_.expires_at(std::chrono::steady_clock::time_point::max());
  if (options_.gantry_file.empty()) options_.gantry_file = own_program();
}

JobSet::~JobSet() {
  options_.on_change = nullptr;
  for (auto& [number, entry] : jobs_) entry.job->stop(std::chrono::milliseconds(0));  // all at once
  jobs_.clear();
}

Result<Command> JobSet::command_for(const std::string& job, const std::string& pod) const {
  PodIdentity identity;
  identity.name = pod;
  identity.namespace_ = spec_.metadata.namespace_;
  identity.labels = {
      {"batch.kubernetes.io/job-name", job}, {"job-name", job}, {"scaledjob.keda.sh/name", spec_.metadata.name}};
  return pod_command(*manifest_, spec_.job.pod, identity, options_.environment, options_.gantry_file);
}

Result<void> JobSet::start(std::int64_t count) {
  if (stopped_) return fail(Errc::cancelled, "ScaledJob {} is being stopped", name());
  const std::int64_t room = std::max<std::int64_t>(0, options_.jobs_max - running());
  for (std::int64_t i = 0; i < std::min(count, room); ++i) add_job();
  if (count > room) {
    return fail(Errc::resource_exhausted, "ScaledJob {}: {} of {} jobs were not created: {} run already", name(),
                count - room, count, options_.jobs_max);
  }
  return {};
}

void JobSet::add_job() {
  const std::int64_t number = created_++;
  const std::string job = fmt::format("{}-{}", name(), number);
  const std::string log_file =
      options_.log_directory.empty() ? "" : fmt::format("{}/{}.log", options_.log_directory, job);
  Job::Events events{.changed = [this, number] { changed(number); },
                     .line =
                         [this, job](std::string_view line) {
                           if (options_.on_line) options_.on_line(job, line);
                         },
                     .ended =
                         [this, job](const Exit& exit) {
                           if (options_.on_end) options_.on_end(job, exit);
                         },
                     .gone = [this, number] { remove(number); }};
  Entry& entry = jobs_[number];
  entry.job = std::make_unique<Job>(
      io_, job, spec_.job, [this, job](const std::string& pod) { return command_for(job, pod); }, options_.backoff,
      options_.output, log_file, std::move(events));
  entry.job->start();
}

void JobSet::changed(std::int64_t number) {
  auto found = jobs_.find(number);
  if (found != jobs_.end() && found->second.job) {
    const JobStatus& status = found->second.job->status();
    if (is_finished(status.state) && !std::exchange(found->second.counted, true)) {
      const bool complete = status.state == JobState::complete;
      ++(complete ? succeeded_ : failed_);
      last_error_ = complete ? "" : fmt::format("{}: {}: {}", status.name, status.reason, status.last_error);
    }
  }
  most_processes_ = std::max(most_processes_, processes());
  if (options_.on_change) options_.on_change();
}

std::int64_t JobSet::take_most_processes() {
  const std::int64_t now = processes();
  return std::max(std::exchange(most_processes_, now), now);
}

void JobSet::remove(std::int64_t number) {
  jobs_.erase(number);
  if (jobs_.empty()) all_gone_.cancel();
  if (options_.on_change) options_.on_change();
}

std::int64_t JobSet::running() const {
  return std::ranges::count_if(jobs_, [](const auto& e) { return !is_finished(e.second.job->status().state); });
}

std::int64_t JobSet::pending() const {
  return std::ranges::count_if(jobs_, [](const auto& e) {
    const JobStatus& status = e.second.job->status();
    return !is_finished(status.state) && status.running == 0 && status.succeeded == 0;
  });
}

std::int64_t JobSet::processes() const {
  std::int64_t count = 0;
  for (const auto& [number, entry] : jobs_) count += entry.job ? entry.job->status().running : 0;
  return count;
}

std::vector<JobStatus> JobSet::jobs() const {
  std::vector<JobStatus> out;
  for (const auto& [number, entry] : jobs_) out.push_back(entry.job->status());
  return out;
}

std::vector<OutputLine> JobSet::output(std::string_view job, std::size_t lines_max) const {
  for (const auto& [number, entry] : jobs_) {
    if (entry.job->status().name == job) return entry.job->output().last(lines_max);
  }
  return {};
}

void JobSet::forget(std::string_view job) {
  for (auto& [number, entry] : jobs_) {
    if (entry.job->status().name != job || !is_finished(entry.job->status().state)) continue;
    entry.job->stop(std::chrono::milliseconds(0));
    return;
  }
}

boost::asio::awaitable<void> JobSet::stop(std::chrono::milliseconds grace) {
  stopped_ = true;
  for (auto& [number, entry] : jobs_) entry.job->stop(grace);
  boost::system::error_code cancelled;
  while (!jobs_.empty()) {
    co_await all_gone_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  }
}

}  // namespace gantry::workload
