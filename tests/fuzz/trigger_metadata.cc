// A trigger's metadata as KEDA hands it on, "key=value" a line: what is accepted is within its ranges, and a problem never
// shows a secret.
#include <map>
#include <string>

#include "fuzz.h"
#include "kube/rocketmq_trigger.h"

namespace kube = gantry::kube;

FUZZ_TARGET(input) {
  const bool secret_elsewhere = input.find("hunter2") != std::string_view::npos;
  std::map<std::string, std::string> metadata;
  while (!input.empty()) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    const std::size_t equals = std::min(line.find('='), line.size());
    metadata[std::string(line.substr(0, equals))] = line.substr(std::min(equals + 1, line.size()));
  }
  metadata["secretKeyFromEnv"] = "hunter2-the-secret";
  const auto trigger = kube::parse_rocketmq_trigger(metadata);
  if (!trigger) {
    FUZZ_CHECK(!trigger.error().empty());
    for (const auto& problem : trigger.error()) {
      FUZZ_CHECK(secret_elsewhere || problem.message.find("hunter2") == std::string::npos);
    }
    return;
  }
  FUZZ_CHECK(trigger->lag_threshold > 0 && trigger->activation_lag_threshold >= 0);
  FUZZ_CHECK(trigger->lag_seconds_threshold.value_or(1) > 0);
  FUZZ_CHECK(!trigger->topics.empty() && !trigger->consumer_group.empty() && !trigger->name_servers.empty());
}
