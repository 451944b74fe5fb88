// A replica set as JSON: what the page and `gantry controller sets` have in common.
#pragma once

#include <boost/json/object.hpp>

#include "replication/replica_set.h"

namespace gantry::controller {

// cluster, set, master_id, master_address, master_epoch, sync_state_set_epoch, in_sync; who is there is for the caller to say.
boost::json::object json_of(const replication::ReplicaSet& set);

}  // namespace gantry::controller
