#include "wire/bodies/subscription_group.h"

#include "wire/body_json.h"

namespace gantry::wire {

GANTRY_WIRE_BODY(ExponentialRetryPolicy);
GANTRY_WIRE_BODY(CustomizedRetryPolicy);
GANTRY_WIRE_BODY(GroupRetryPolicy);
GANTRY_WIRE_BODY(SimpleSubscriptionData);
GANTRY_WIRE_BODY(SubscriptionGroupConfig);
GANTRY_WIRE_BODY(SubscriptionGroupWrapper);
GANTRY_WIRE_BODY(SubscriptionGroupList);

}  // namespace gantry::wire
