#include "wire/bodies/reset_offset.h"

#include "wire/body_json.h"

namespace gantry::wire {

GANTRY_WIRE_BODY(ResetOffsetBody);
GANTRY_WIRE_BODY(MessageQueueForC);
GANTRY_WIRE_BODY(ResetOffsetBodyForC);
GANTRY_WIRE_BODY(GetConsumerStatusBody);

}  // namespace gantry::wire
