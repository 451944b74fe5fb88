// The `gantry/…` annotations of a ScaledObject or ScaledJob: what only `gantry up` on one machine needs. A cluster
// carries them along without effect, so one file serves both.
//
//   gantry/generator:       '{"topic": "orders", "messages": 3000, "body_size": 256, "start_after": "2s"}'
//   gantry/hpa-sync-period: 1s        how often the HPA's part of a decision is made (Kubernetes: 15s)
//   gantry/embedded-broker: "true"    start a name server and broker, unless an existing cluster is named
//   gantry/local-command: [...]       a ScaledJob's only (a Deployment has its own): see pod_template.h
#pragma once

#include "kube/metadata.h"
#include "kube/pod_template.h"

namespace gantry::kube {

// A burst of messages.
struct Generator {
  std::string topic;
  std::int32_t messages = 0;           // 1 to 100,000,000
  std::int32_t body_size_bytes = 256;  // 0 to 4 MiB
  std::int64_t start_after_ms = 0;
  std::int32_t rate_per_s = 0;  // 0: as fast as the broker takes them
};

struct GantryAnnotations {
  std::optional<Generator> generator;
  std::optional<std::int64_t> hpa_sync_period_ms;
  bool embedded_broker = false;
};

void read_gantry_annotations_of_scaled_object(Reading& reading, const Node& object, GantryAnnotations& out);
void read_gantry_annotations_of_scaled_job(Reading& reading, const Node& object, GantryAnnotations& out,
                                           PodTemplate& pod);

}  // namespace gantry::kube
