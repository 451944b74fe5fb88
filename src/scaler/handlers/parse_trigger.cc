#include "scaler/handlers/handlers.h"

namespace gantry::scaler {

namespace {
// Kubernetes' own limits: what is longer is no object, and must not be remembered.
constexpr std::size_t kNameBytesMax = 253;
constexpr std::size_t kNamespaceBytesMax = 63;
}  // namespace

Result<kube::RocketmqTriggerMetadata> parse_trigger(Questions& questions, const ScaledObjectRef& ref) {
  if (ref.name.size() > kNameBytesMax || ref.namespace_.size() > kNamespaceBytesMax) {
    return fail(Errc::invalid_argument,
                "expected a name of at most {} and a namespace of at most {} bytes, got {} and {}", kNameBytesMax,
                kNamespaceBytesMax, ref.name.size(), ref.namespace_.size());
  }
  auto trigger = kube::parse_rocketmq_trigger(ref.metadata);
  std::string problems;
  if (!trigger) {
    for (const kube::MetadataProblem& problem : trigger.error()) {
      problems += problems.empty() ? "" : "; ";
      problems += problem.key.empty() ? problem.message : fmt::format("{}: {}", problem.key, problem.message);
    }
  }
  if (problems.empty()) {
    trigger->object_namespace = ref.namespace_;
    return std::move(*trigger);
  }
  record(questions, ref, nullptr, nullptr, problems);
  return fail(Errc::invalid_argument, "trigger metadata of {}/{}: {}", ref.namespace_, ref.name, problems);
}

}  // namespace gantry::scaler
