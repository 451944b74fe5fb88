#include "up/scaled_job.h"

#include <spdlog/spdlog.h>

#include "triggers/trigger_value.h"

namespace gantry::up {

Result<std::unique_ptr<ScaledJob>> ScaledJob::create(boost::asio::io_context& io,
                                                     std::shared_ptr<const kube::Manifest> manifest,
                                                     const kube::ScaledJob& object, const scaling::ScaledJobSpec& spec,
                                                     std::map<std::string, std::string> environment,
                                                     autoscaler::ReadTrigger read, Witness* witness) {
  std::unique_ptr<ScaledJob> out(new ScaledJob());
  out->group_ = object.metadata.name;
  for (const kube::Trigger& trigger : object.triggers) {
    if (const auto queries = triggers::lag_queries(trigger); !queries.empty()) {
      out->group_ = queries.front().group;
      break;
    }
  }
  workload::JobSetOptions options;
  options.environment = std::move(environment);
  if (witness != nullptr) witness->watch(out->group_, object.job.pod, options);
  auto jobs = workload::JobSet::create(io, std::move(manifest), object, std::move(options));
  if (!jobs) return std::unexpected(jobs.error());
  out->jobs_ = std::move(*jobs);
  out->runner_ = std::make_shared<autoscaler::ScaledJobRunner>(io, object, spec, out->target(), std::move(read));
  return out;
}

autoscaler::JobTarget ScaledJob::target() const {
  workload::JobSet* jobs = jobs_.get();
  autoscaler::JobTarget target;
  target.counts = [jobs] { return scaling::JobCounts{jobs->running(), jobs->pending()}; };
  target.create = [jobs](std::int64_t count) {
    if (auto started = jobs->start(count); !started) spdlog::error("{}", started.error().message);
  };
  target.finished = [jobs] {
    std::vector<autoscaler::JobTarget::Finished> finished;
    for (const workload::JobStatus& job : jobs->jobs()) {
      if (!workload::is_finished(job.state) || !job.ended_at) continue;
      const auto ended = std::chrono::duration_cast<std::chrono::milliseconds>(job.ended_at->time_since_epoch());
      finished.push_back({job.name, ended.count(), job.state == workload::JobState::complete});
    }
    return finished;
  };
  target.forget = [jobs](const std::string& name) { jobs->forget(name); };
  return target;
}

}  // namespace gantry::up
