#include "controller/table.h"

#include "controller/handlers/handlers.h"
#include "wire/gantry_codes.h"

namespace gantry::controller {

namespace {

using namespace wire::request_code;

constexpr Route kRoutes[] = {
    {kBrokerHeartbeat, handle_heartbeat, Access::broker},
    {kControllerAlterSyncStateSet, handle_alter_sync_state_set, Access::broker},
    {kControllerElectMaster, handle_elect_master, Access::broker},
    {kControllerRegisterBroker, handle_register_broker, Access::broker},
    {kControllerGetReplicaInfo, handle_get_replica_info, Access::broker},
    {kControllerGetMetadataInfo, handle_get_metadata, Access::broker},
    {kControllerGetSyncStateData, handle_get_sync_state_data, Access::broker},
    {kUpdateControllerConfig, handle_update_config, Access::operate},
    {kGetControllerConfig, handle_get_config, Access::operate},
    {kCleanBrokerData, handle_clean_broker_data, Access::operate},
    {kControllerGetNextBrokerId, handle_get_next_broker_id, Access::broker},
    {kControllerApplyBrokerId, handle_apply_broker_id, Access::broker},
    {kGantryControllerStatus, handle_node_status, Access::broker},
    {kGantryControllerSets, handle_list_sets, Access::broker},
    {kGantryControllerIdentity, handle_node_identity, Access::broker},
};

}  // namespace

std::span<const Route> routes() { return kRoutes; }

}  // namespace gantry::controller
