// One request, one handler, one file. Every handler answers its request exactly once, now or later. Writes go to the
// leader: a follower hands the request on as it is (forwarder.h) and relays the answer.
#pragma once

#include "controller/context.h"

namespace gantry::controller {

void handle_heartbeat(ControllerContext& controller, remoting::Request request);             // 904
void handle_alter_sync_state_set(ControllerContext& controller, remoting::Request request);  // 1001
void handle_elect_master(ControllerContext& controller, remoting::Request request);          // 1002
void handle_register_broker(ControllerContext& controller, remoting::Request request);       // 1003
void handle_get_replica_info(ControllerContext& controller, remoting::Request request);      // 1004
void handle_get_metadata(ControllerContext& controller, remoting::Request request);          // 1005
void handle_get_sync_state_data(ControllerContext& controller, remoting::Request request);   // 1006
void handle_update_config(ControllerContext& controller, remoting::Request request);         // 1009
void handle_get_config(ControllerContext& controller, remoting::Request request);            // 1010
void handle_clean_broker_data(ControllerContext& controller, remoting::Request request);     // 1011
void handle_get_next_broker_id(ControllerContext& controller, remoting::Request request);    // 1012
void handle_apply_broker_id(ControllerContext& controller, remoting::Request request);       // 1013

void handle_node_status(ControllerContext& controller, remoting::Request request);    // 19001, ours
void handle_list_sets(ControllerContext& controller, remoting::Request request);      // 19002, ours
void handle_node_identity(ControllerContext& controller, remoting::Request request);  // 19003, ours

void handle_list_members(ControllerContext& controller, remoting::Request request);    // 19010, ours
void handle_change_members(ControllerContext& controller, remoting::Request request);  // 19011, ours
void handle_transfer(ControllerContext& controller, remoting::Request request);        // 19012, ours
void handle_take_snapshot(ControllerContext& controller, remoting::Request request);   // 19013, ours
void handle_bootstrap(ControllerContext& controller, remoting::Request request);       // 19014, ours
void handle_import_sets(ControllerContext& controller, remoting::Request request);     // 19020, ours

}  // namespace gantry::controller
