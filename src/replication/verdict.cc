#include "replication/verdict.h"

namespace gantry::replication {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::success: return "success";
    case Verdict::fenced_master_epoch: return "fenced_master_epoch";
    case Verdict::fenced_sync_state_set_epoch: return "fenced_sync_state_set_epoch";
    case Verdict::invalid_master: return "invalid_master";
    case Verdict::invalid_replicas: return "invalid_replicas";
    case Verdict::master_not_available: return "master_not_available";
    case Verdict::invalid_request: return "invalid_request";
    case Verdict::broker_not_alive: return "broker_not_alive";
    case Verdict::not_leader: return "not_leader";
    case Verdict::broker_metadata_not_exist: return "broker_metadata_not_exist";
    case Verdict::invalid_clean_broker_metadata: return "invalid_clean_broker_metadata";
    case Verdict::broker_need_to_be_registered: return "broker_need_to_be_registered";
    case Verdict::master_still_exist: return "master_still_exist";
    case Verdict::elect_master_failed: return "elect_master_failed";
    case Verdict::alter_sync_state_set_failed: return "alter_sync_state_set_failed";
    case Verdict::broker_id_invalid: return "broker_id_invalid";
    case Verdict::internal_error: return "internal_error";
    case Verdict::broker_live_info_not_exists: return "broker_live_info_not_exists";
  }
  return "unknown";
}

}  // namespace gantry::replication
