#include "wire/bodies/message_queue.h"

#include "wire/body_json.h"

namespace gantry::wire {

GANTRY_WIRE_BODY(MessageQueue);

}  // namespace gantry::wire
