// Tells brokers of a new master (1008), one-way, at their own addresses. A broker that does not hear it asks by itself
// within 5 s (1004), so nothing is repeated.
#pragma once

#include "controller/liveness.h"
#include "remoting/client.h"
#include "replication/outcome.h"

namespace gantry::controller {

void notify_role_changed(remoting::Client& client, const replication::RoleChanged& change, const Liveness& liveness,
                         MonotonicMs now);

}  // namespace gantry::controller
