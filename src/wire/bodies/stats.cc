#include "wire/bodies/stats.h"

#include "wire/body_json.h"

namespace gantry::wire {

GANTRY_WIRE_BODY(TopicOffset);
GANTRY_WIRE_BODY(TopicStatsTable);
GANTRY_WIRE_BODY(OffsetWrapper);
GANTRY_WIRE_BODY(ConsumeStats);
GANTRY_WIRE_BODY(QueueTimeSpan);
GANTRY_WIRE_BODY(QueryConsumeTimeSpanBody);
GANTRY_WIRE_BODY(BrokerStatsItem);
GANTRY_WIRE_BODY(BrokerStatsData);
GANTRY_WIRE_BODY(ConsumeStatsList);
GANTRY_WIRE_BODY(ConsumeQueueData);
GANTRY_WIRE_BODY(QueryConsumeQueueResponseBody);

}  // namespace gantry::wire
