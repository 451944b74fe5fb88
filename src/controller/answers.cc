#include "controller/answers.h"

#include "wire/codes.h"

namespace gantry::controller {

namespace rc = wire::response_code;
using replication::Verdict;

std::int32_t code_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::success: return rc::kSuccess;
    case Verdict::fenced_master_epoch: return rc::kControllerFencedMasterEpoch;
    case Verdict::fenced_sync_state_set_epoch: return rc::kControllerFencedSyncStateSetEpoch;
    case Verdict::invalid_master: return rc::kControllerInvalidMaster;
    case Verdict::invalid_replicas: return rc::kControllerInvalidReplicas;
    case Verdict::master_not_available: return rc::kControllerMasterNotAvailable;
    case Verdict::invalid_request: return rc::kControllerInvalidRequest;
    case Verdict::broker_not_alive: return rc::kControllerBrokerNotAlive;
    case Verdict::not_leader: return rc::kControllerNotLeader;
    case Verdict::broker_metadata_not_exist: return rc::kControllerBrokerMetadataNotExist;
    case Verdict::invalid_clean_broker_metadata: return rc::kControllerInvalidCleanBrokerMetadata;
    case Verdict::broker_need_to_be_registered: return rc::kControllerBrokerNeedToBeRegistered;
    case Verdict::master_still_exist: return rc::kControllerMasterStillExist;
    case Verdict::elect_master_failed: return rc::kControllerElectMasterFailed;
    case Verdict::alter_sync_state_set_failed: return rc::kControllerAlterSyncStateSetFailed;
    case Verdict::broker_id_invalid: return rc::kControllerBrokerIdInvalid;
    case Verdict::internal_error: return rc::kControllerJraftInternalError;
    case Verdict::broker_live_info_not_exists: return rc::kControllerBrokerLiveInfoNotExists;
  }
  return rc::kSystemError;
}

std::int32_t code_of(const Error& error) {
  switch (error.code) {
    case Errc::invalid_argument: return rc::kControllerInvalidRequest;
    case Errc::unavailable: return rc::kControllerNotLeader;
    case Errc::timeout: return rc::kControllerJraftInternalError;
    case Errc::resource_exhausted: return rc::kSystemBusy;
    default: return remoting::to_response_code(error.code);
  }
}

void refuse(remoting::Reply& reply, const Error& error) { reply.send(code_of(error), error.message); }

std::string sync_state_set_body(const replication::Outcome& outcome) {
  return wire::encode_body(wire::SyncStateSet{outcome.sync_state_set, outcome.sync_state_set_epoch});
}

}  // namespace gantry::controller
