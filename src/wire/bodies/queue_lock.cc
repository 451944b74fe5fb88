#include "wire/bodies/queue_lock.h"

#include "wire/body_json.h"

namespace gantry::wire {

GANTRY_WIRE_BODY(LockBatchRequestBody);
GANTRY_WIRE_BODY(LockBatchResponseBody);
GANTRY_WIRE_BODY(UnlockBatchRequestBody);

}  // namespace gantry::wire
