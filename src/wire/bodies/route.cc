#include "wire/bodies/route.h"

#include "wire/body_json.h"

namespace gantry::wire {

GANTRY_WIRE_BODY(QueueData);
GANTRY_WIRE_BODY(BrokerData);
GANTRY_WIRE_BODY(TopicRouteData);
GANTRY_WIRE_BODY(ClusterInfo);

}  // namespace gantry::wire
