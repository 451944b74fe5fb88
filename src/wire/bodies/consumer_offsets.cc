#include "wire/bodies/consumer_offsets.h"

#include "wire/body_json.h"

namespace gantry::wire {

GANTRY_WIRE_BODY(ConsumerOffsets);

}  // namespace gantry::wire
