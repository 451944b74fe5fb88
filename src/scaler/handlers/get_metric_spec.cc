#include "scaler/handlers/handlers.h"
#include "triggers/trigger_value.h"

namespace gantry::scaler {

Result<std::vector<scaling::MetricSpec>> get_metric_spec(Questions& questions, const ScaledObjectRef& ref) {
  auto trigger = parse_trigger(questions, ref);
  if (!trigger) return std::unexpected(trigger.error());
  return triggers::metric_specs(*trigger);
}

}  // namespace gantry::scaler
