#include "wire/bodies/topic.h"

#include "wire/body_json.h"

namespace gantry::wire {

GANTRY_WIRE_BODY(DataVersion);
GANTRY_WIRE_BODY(TopicConfig);
GANTRY_WIRE_BODY(TopicConfigSerializeWrapper);
GANTRY_WIRE_BODY(CreateTopicListRequestBody);
GANTRY_WIRE_BODY(TopicList);
GANTRY_WIRE_BODY(GroupList);

}  // namespace gantry::wire
