#include "up/witness.h"

#include <algorithm>
#include <utility>

#include "triggers/trigger_value.h"

namespace gantry::up {
namespace {

constexpr int kForcedFrom = 128;  // exit codes of what was ended from outside: a signal, or gantry's own bound

// `gantry consume` that ends by itself, whatever its exit code, has said what became of all it handled; of others that
// is known only when they ended well.
bool has_said_all(const workload::Exit& exit, bool ours) {
  if (exit.signal) return false;
  const int code = exit.code.value_or(0);
  return code == 0 || (ours && code < kForcedFrom);
}

}  // namespace

std::string consumer_group_of(const kube::Manifest& manifest, const kube::Deployment& deployment) {
  for (const kube::ScaledObject& object : manifest.scaled_objects) {
    if (object.scale_target_ref.name != deployment.metadata.name ||
        object.metadata.namespace_ != deployment.metadata.namespace_)
      continue;
    for (const kube::Trigger& trigger : object.triggers) {
      if (const auto queries = triggers::lag_queries(trigger); !queries.empty()) return queries.front().group;
    }
  }
  return deployment.metadata.name;
}

std::map<std::string, std::int64_t> consumers_by_group(const std::vector<lag::LagQuery>& watched,
                                                       const std::vector<Result<lag::LagReading>>& readings) {
  std::map<std::string, std::int64_t> counts;
  for (std::size_t i = 0; i < watched.size() && i < readings.size(); ++i) {
    if (!readings[i] || !readings[i]->consumers) continue;
    std::int64_t& count = counts[watched[i].group];
    count = std::max(count, *readings[i]->consumers);
  }
  return counts;
}

Witness::LineListener Witness::line_listener(const std::string& group) const {
  return [tally = tally_, group](std::string_view, std::string_view line) { tally->worker_line(group, line); };
}

Witness::EndListener Witness::end_listener(const std::string& group, const kube::PodTemplate& pod) const {
  const std::vector<std::string>& command = pod.local_command ? *pod.local_command : pod.main_container().command;
  const bool ours = !command.empty() && command.front() == "gantry";
  return [tally = tally_, group, ours](std::string_view, const workload::Exit& exit) {
    if (!has_said_all(exit, ours)) tally->out_of_sight(group);
  };
}

// Consumers that are not ours print nothing here. Two samples in a row, because processes and connections are not
// counted at the same moment.
void Witness::count(const std::string& group, std::int64_t processes, std::int64_t consumers) {
  Head& head = heads_[group];
  const std::int64_t known = std::max(processes, std::exchange(head.processes, processes));
  const bool was_crowded = std::exchange(head.crowded, consumers > known);
  if (was_crowded && head.crowded) tally_->out_of_sight(group);
}

}  // namespace gantry::up
