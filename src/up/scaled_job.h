// A ScaledJob of the YAML at work in `gantry up`: its jobs as processes and the runner that creates them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "autoscaler/scaled_job_runner.h"
#include "lag/source.h"
#include "up/witness.h"
#include "workload/job_set.h"

namespace gantry::up {

class ScaledJob {
 public:
  // witness: null for none; hears what the jobs print. Errors: as workload::JobSet::create.
  static Result<std::unique_ptr<ScaledJob>> create(boost::asio::io_context& io,
                                                   std::shared_ptr<const kube::Manifest> manifest,
                                                   const kube::ScaledJob& object, const scaling::ScaledJobSpec& spec,
                                                   std::map<std::string, std::string> environment,
                                                   autoscaler::ReadTrigger read, Witness* witness);

  const kube::ScaledJob& object() const { return runner_->object(); }
  const std::string& group() const { return group_; }  // that the jobs consume as; the object's name when it has none
  autoscaler::ScaledJobRunner& runner() { return *runner_; }
  const autoscaler::ScaledJobRunner& runner() const { return *runner_; }
  workload::JobSet& jobs() { return *jobs_; }
  const workload::JobSet& jobs() const { return *jobs_; }

 private:
  ScaledJob() = default;
  autoscaler::JobTarget target() const;

  std::string group_;
  std::unique_ptr<workload::JobSet> jobs_;
  std::shared_ptr<autoscaler::ScaledJobRunner> runner_;
};

}  // namespace gantry::up
