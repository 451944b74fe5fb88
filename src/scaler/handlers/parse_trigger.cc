#include "scaler/clock.h"
#include "scaler/handlers/handlers.h"

namespace gantry::scaler {

Result<kube::RocketmqTriggerMetadata> parse_trigger(Questions& questions, const ScaledObjectRef& ref) {
  auto trigger = kube::parse_rocketmq_trigger(ref.metadata);
  std::string problems;
  if (!trigger) {
    for (const kube::MetadataProblem& problem : trigger.error()) {
      problems += problems.empty() ? "" : "; ";
      problems += problem.key.empty() ? problem.message : fmt::format("{}: {}", problem.key, problem.message);
    }
  }
  if (problems.empty()) return std::move(*trigger);
  questions.objects->record(ref, nullptr, nullptr, problems, now_ms());
  return fail(Errc::invalid_argument, "trigger metadata of {}/{}: {}", ref.namespace_, ref.name, problems);
}

}  // namespace gantry::scaler
