#include <spdlog/spdlog.h>

#include "rocketmq/identity.h"
#include "scaler/handlers/handlers.h"

namespace gantry::scaler {

void record(Questions& questions, const ScaledObjectRef& ref, const kube::RocketmqTriggerMetadata* trigger,
            const Result<triggers::TriggerRead>* read, const std::string& error) {
  const auto change = questions.objects->record(ref, trigger, read, error, rocketmq::unix_now_ms());
  if (change == ScaledObjects::Change::none) return;
  const auto left_out = questions.log_limit.admit();
  if (!left_out) return;
  std::string about = fmt::format("scaler: {}/{}", ref.namespace_, ref.name);
  if (trigger != nullptr)
    about += fmt::format(" ({} by {})", fmt::join(trigger->topics, ", "), trigger->consumer_group);
  const std::string others = *left_out == 0 ? "" : fmt::format(" (and {} lines about others)", *left_out);
  if (change == ScaledObjects::Change::fails) {
    spdlog::warn("{}: {}{}", about, error, others);
  } else {
    spdlog::info("{}: well again{}", about, others);
  }
}

}  // namespace gantry::scaler
