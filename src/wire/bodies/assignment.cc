#include "wire/bodies/assignment.h"

#include "wire/body_json.h"

namespace gantry::wire {

GANTRY_WIRE_BODY(QueryAssignmentRequestBody);
GANTRY_WIRE_BODY(MessageQueueAssignment);
GANTRY_WIRE_BODY(QueryAssignmentResponseBody);
GANTRY_WIRE_BODY(SetMessageRequestModeRequestBody);

}  // namespace gantry::wire
