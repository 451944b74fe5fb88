#include "wire/bodies/delayed.h"

#include "wire/body_json.h"

namespace gantry::wire {

GANTRY_WIRE_BODY(TimerMetric);
GANTRY_WIRE_BODY(TimerMetrics);
GANTRY_WIRE_BODY(DelayOffsets);

}  // namespace gantry::wire
