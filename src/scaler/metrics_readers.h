// What the metrics API reads, out of the readings that the scaler shares: the same trigger read for KEDA and for an HPA is
// read once.
#pragma once

#include <memory>

#include "metrics_api/server.h"
#include "triggers/trigger_reader.h"

namespace gantry::scaler {

metrics_api::Readers metrics_readers(std::shared_ptr<triggers::TriggerReader> reader);

}  // namespace gantry::scaler
