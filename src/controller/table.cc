#include "controller/table.h"

#include "controller/handlers/handlers.h"
#include "wire/gantry_codes.h"

namespace gantry::controller {

namespace {

using namespace wire::request_code;

constexpr Route kRoutes[] = {
    {kBrokerHeartbeat, handle_heartbeat},
    {kControllerAlterSyncStateSet, handle_alter_sync_state_set},
    {kControllerElectMaster, handle_elect_master},
    {kControllerRegisterBroker, handle_register_broker},
    {kControllerGetReplicaInfo, handle_get_replica_info},
    {kControllerGetMetadataInfo, handle_get_metadata},
    {kControllerGetSyncStateData, handle_get_sync_state_data},
    {kUpdateControllerConfig, handle_update_config},
    {kGetControllerConfig, handle_get_config},
    {kCleanBrokerData, handle_clean_broker_data},
    {kControllerGetNextBrokerId, handle_get_next_broker_id},
    {kControllerApplyBrokerId, handle_apply_broker_id},
    {kGantryControllerStatus, handle_node_status},
    {kGantryControllerSets, handle_list_sets},
    {kGantryControllerIdentity, handle_node_identity},
};

}  // namespace

std::span<const Route> routes() { return kRoutes; }

}  // namespace gantry::controller
