#include "wire/bodies/consumer.h"

#include "wire/body_json.h"

namespace gantry::wire {

GANTRY_WIRE_BODY(Connection);
GANTRY_WIRE_BODY(ConsumerConnection);
GANTRY_WIRE_BODY(ProducerConnection);
GANTRY_WIRE_BODY(ProducerInfo);
GANTRY_WIRE_BODY(ProducerTableInfo);
GANTRY_WIRE_BODY(GetConsumerListByGroupResponseBody);
GANTRY_WIRE_BODY(ProcessQueueInfo);
GANTRY_WIRE_BODY(PopProcessQueueInfo);
GANTRY_WIRE_BODY(ConsumeStatus);
GANTRY_WIRE_BODY(ConsumerRunningInfo);
GANTRY_WIRE_BODY(ConsumeMessageDirectlyResult);

}  // namespace gantry::wire
