#include "controller/table.h"

#include "controller/handlers/handlers.h"
#include "wire/gantry_codes.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

namespace {

using namespace wire::request_code;

bool always(const wire::Command&) { return true; }

// A broker asks to be master where there is none. Whoever names another one, or lets the controller choose, is an operator.
bool unless_by_broker(const wire::Command& request) {
  const auto header = wire::decode_header<wire::ElectMasterRequestHeader>(request.fields);
  return !header || header->designate_elect || header->broker_id < 0;
}

constexpr Route kRoutes[] = {
    {kBrokerHeartbeat, "CONTROLLER_BROKER_HEARTBEAT", handle_heartbeat},
    {kControllerAlterSyncStateSet, "CONTROLLER_ALTER_SYNC_STATE_SET", handle_alter_sync_state_set},
    {kControllerElectMaster, "CONTROLLER_ELECT_MASTER", handle_elect_master, unless_by_broker},
    {kControllerRegisterBroker, "CONTROLLER_REGISTER_BROKER", handle_register_broker},
    {kControllerGetReplicaInfo, "CONTROLLER_GET_REPLICA_INFO", handle_get_replica_info},
    {kControllerGetMetadataInfo, "CONTROLLER_GET_METADATA_INFO", handle_get_metadata},
    {kControllerGetSyncStateData, "CONTROLLER_GET_SYNC_STATE_DATA", handle_get_sync_state_data},
    {kUpdateControllerConfig, "CONTROLLER_UPDATE_CONTROLLER_CONFIG", handle_update_config, always},
    {kGetControllerConfig, "CONTROLLER_GET_CONTROLLER_CONFIG", handle_get_config, always},
    {kCleanBrokerData, "CONTROLLER_CLEAN_BROKER_DATA", handle_clean_broker_data, always},
    {kControllerGetNextBrokerId, "CONTROLLER_GET_NEXT_BROKER_ID", handle_get_next_broker_id},
    {kControllerApplyBrokerId, "CONTROLLER_APPLY_BROKER_ID", handle_apply_broker_id},
    {kGantryControllerStatus, "GANTRY_CONTROLLER_STATUS", handle_node_status},
    {kGantryControllerSets, "GANTRY_CONTROLLER_SETS", handle_list_sets},
    {kGantryControllerIdentity, "GANTRY_CONTROLLER_IDENTITY", handle_node_identity},
    {kGantryControllerMembers, "GANTRY_CONTROLLER_MEMBERS", handle_list_members},
    {kGantryControllerChangeMembers, "GANTRY_CONTROLLER_CHANGE_MEMBERS", handle_change_members, always},
    {kGantryControllerTransfer, "GANTRY_CONTROLLER_TRANSFER", handle_transfer, always},
    {kGantryControllerSnapshot, "GANTRY_CONTROLLER_SNAPSHOT", handle_take_snapshot, always},
    {kGantryControllerBootstrap, "GANTRY_CONTROLLER_BOOTSTRAP", handle_bootstrap, always},
    {kGantryControllerImport, "GANTRY_CONTROLLER_IMPORT", handle_import_sets, always},
};

}  // namespace

std::span<const Route> routes() { return kRoutes; }

}  // namespace gantry::controller
