#include "workload/deployment.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <tuple>

#include "workload/own_program.h"
#include "workload/pod_command.h"

namespace gantry::workload {

Result<std::unique_ptr<Deployment>> Deployment::create(boost::asio::io_context& io,
                                                       std::shared_ptr<const kube::Manifest> manifest,
                                                       const kube::Deployment& deployment, DeploymentOptions options) {
  if (deployment.pod.containers.empty()) {
    return fail(Errc::invalid_argument, "Deployment {} has no container", deployment.metadata.name);
  }
  std::unique_ptr<Deployment> out(new Deployment(io, std::move(manifest), deployment, std::move(options)));
  if (auto command = out->command_for(deployment.metadata.name + "-0"); !command) {
    return std::unexpected(in_context("Deployment " + deployment.metadata.name, command.error()));
  }
  return out;
}

Deployment::Deployment(boost::asio::io_context& io, std::shared_ptr<const kube::Manifest> manifest,
                       kube::Deployment spec, DeploymentOptions options)
    : io_(io), manifest_(std::move(manifest)), spec_(std::move(spec)), options_(std::move(options)), all_gone_(io) {
  all_gone_.expires_at(std::chrono::steady_clock::time_point::max());
  if (options_.gantry_file.empty()) options_.gantry_file = own_program();
}

Deployment::~Deployment() {
  options_.on_change = nullptr;
  for (auto& [index, replica] : replicas_)
    replica->stop(std::chrono::milliseconds(0));  // all at once, then wait for each
  replicas_.clear();
}

Result<Command> Deployment::command_for(const std::string& replica) const {
  PodIdentity identity;
  identity.name = replica;
  identity.namespace_ = spec_.metadata.namespace_;
  return pod_command(*manifest_, spec_.pod, identity, options_.environment, options_.gantry_file);
}

std::chrono::milliseconds Deployment::grace_period() const {
  return std::chrono::seconds(spec_.pod.termination_grace_period_s);
}

Result<void> Deployment::set_replicas(int count) {
  if (stopped_) return fail(Errc::cancelled, "Deployment {} is being stopped", name());
  if (count < 0 || count > options_.replicas_max) {
    return fail(Errc::invalid_argument, "Deployment {}: expected from 0 to {} replicas, got {}", name(),
                options_.replicas_max, count);
  }
  desired_ = count;
  while (current() < count) add_replica();
  while (current() > count) remove_replica();
  return {};
}

void Deployment::add_replica() {
  int index = 0;
  while (replicas_.contains(index)) ++index;
  const std::string replica = fmt::format("{}-{}", name(), index);
  auto command = command_for(replica);
  if (!command) {  // cannot be: create() has tried it, and only the name differs
    last_error_ = command.error().message;
    command.emplace();
  }
  const std::string log_file =
      options_.log_directory.empty() ? "" : fmt::format("{}/{}.log", options_.log_directory, replica);
  replicas_[index] =
      std::make_unique<Replica>(io_, index, replica, std::move(*command), options_.restart, options_.output, log_file,
                                Replica::Events{.changed = [this, index] { changed(index); },
                                                .line =
                                                    [this, replica](std::string_view line) {
                                                      if (options_.on_line) options_.on_line(replica, line);
                                                    },
                                                .ended =
                                                    [this, replica](const Exit& exit) {
                                                      if (options_.on_end) options_.on_end(replica, exit);
                                                    },
                                                .gone = [this, index] { remove(index); }});
  replicas_[index]->start();
}

// The one whose end costs least, as the ReplicaSet controller chooses: not running before running, then the youngest.
void Deployment::remove_replica() {
  Replica* victim = nullptr;
  const auto rank = [](const Replica& replica) {
    return std::tuple(replica.status().state != ReplicaState::running, replica.created_at(), replica.status().index);
  };
  for (auto& [index, replica] : replicas_) {
    if (replica->status().state == ReplicaState::terminating) continue;
    if (victim == nullptr || rank(*replica) > rank(*victim)) victim = replica.get();
  }
  if (victim != nullptr) victim->stop(grace_period());
}

void Deployment::remove(int index) {
  auto replica = replicas_.find(index);
  if (replica == replicas_.end()) return;
  replicas_.erase(replica);
  if (replicas_.empty()) all_gone_.cancel();
  if (options_.on_change) options_.on_change();
}

void Deployment::changed(int index) {
  const ReplicaStatus& status = replicas_.at(index)->status();
  if (is_failing(status)) last_error_ = fmt::format("{}: {}", status.name, status.last_error);
  if (options_.on_change) options_.on_change();
}

int Deployment::current() const {
  return static_cast<int>(std::ranges::count_if(
      replicas_, [](const auto& r) { return r.second->status().state != ReplicaState::terminating; }));
}

int Deployment::ready() const {
  return static_cast<int>(std::ranges::count_if(
      replicas_, [](const auto& r) { return r.second->status().state == ReplicaState::running; }));
}

std::vector<ReplicaStatus> Deployment::replicas() const {
  std::vector<ReplicaStatus> out;
  for (const auto& [index, replica] : replicas_) out.push_back(replica->status());
  return out;
}

std::vector<OutputLine> Deployment::output(std::string_view replica, std::size_t lines_max) const {
  for (const auto& [index, candidate] : replicas_) {
    if (candidate->status().name == replica) return candidate->output().last(lines_max);
  }
  return {};
}

boost::asio::awaitable<void> Deployment::stop(std::chrono::milliseconds grace) {
  stopped_ = true;
  desired_ = 0;
  for (auto& [index, replica] : replicas_) replica->stop(std::min(grace, grace_period()));
  boost::system::error_code cancelled;
  while (!replicas_.empty()) {
    co_await all_gone_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  }
}

}  // namespace gantry::workload
