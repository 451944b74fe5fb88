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
    {kBrokerHeartbeat, handle_heartbeat},
    {kControllerAlterSyncStateSet, handle_alter_sync_state_set},
    {kControllerElectMaster, handle_elect_master, unless_by_broker},
    {kControllerRegisterBroker, handle_register_broker},
    {kControllerGetReplicaInfo, handle_get_replica_info},
    {kControllerGetMetadataInfo, handle_get_metadata},
    {kControllerGetSyncStateData, handle_get_sync_state_data},
    {kUpdateControllerConfig, handle_update_config, always},
    {kGetControllerConfig, handle_get_config, always},
    {kCleanBrokerData, handle_clean_broker_data, always},
    {kControllerGetNextBrokerId, handle_get_next_broker_id},
    {kControllerApplyBrokerId, handle_apply_broker_id},
    {kGantryControllerStatus, handle_node_status},
    {kGantryControllerSets, handle_list_sets},
    {kGantryControllerIdentity, handle_node_identity},
    {kGantryControllerMembers, handle_list_members},
    {kGantryControllerChangeMembers, handle_change_members, always},
    {kGantryControllerTransfer, handle_transfer, always},
    {kGantryControllerSnapshot, handle_take_snapshot, always},
    {kGantryControllerBootstrap, handle_bootstrap, always},
    {kGantryControllerImport, handle_import_sets, always},
};

}  // namespace

std::span<const Route> routes() { return kRoutes; }

}  // namespace gantry::controller
