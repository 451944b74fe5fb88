#include "wire/bodies/controller.h"

#include "wire/body_json.h"

namespace gantry::wire {

GANTRY_WIRE_BODY(SyncStateSet);
GANTRY_WIRE_BODY(BrokerMemberGroup);
GANTRY_WIRE_BODY(ElectMasterResponseBody);
GANTRY_WIRE_BODY(ReplicaIdentity);
GANTRY_WIRE_BODY(ReplicasInfo);
GANTRY_WIRE_BODY(BrokerReplicasInfo);
GANTRY_WIRE_BODY(BrokerNames);

}  // namespace gantry::wire
