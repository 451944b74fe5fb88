// What became of a command, in the protocol's terms: one value for each documented code of the controller (ResponseCode
// 2000 to 2016). The numbers belong to the wire, so whoever answers maps them.
#pragma once

#include <cstdint>
#include <string_view>

namespace gantry::replication {

enum class Verdict : std::uint8_t {
  success,
  fenced_master_epoch,            // 2000: the command names another master epoch than the current one
  fenced_sync_state_set_epoch,    // 2001
  invalid_master,                 // 2002: the sender is not the master
  invalid_replicas,               // 2003: a proposed member is not registered
  master_not_available,           // 2004: nobody could be elected and the set has no master now
  invalid_request,                // 2005: malformed, beyond a limit, or of another cluster
  broker_not_alive,               // 2006: a proposed member sends no heartbeats
  not_leader,                     // 2007: never from apply; here so that the mapping is complete
  broker_metadata_not_exist,      // 2008: the set is unknown
  invalid_clean_broker_metadata,  // 2009
  broker_need_to_be_registered,   // 2010: the set or the id is unknown
  master_still_exist,             // 2011: no election, the answer names the master
  elect_master_failed,            // 2012: nobody could be elected; nothing changed
  alter_sync_state_set_failed,    // 2013
  broker_id_invalid,              // 2014
  internal_error,                 // 2015 (CONTROLLER_JRAFT_INTERNAL_ERROR): never from apply
  broker_live_info_not_exists,    // 2016: never from apply
};

// "fenced_master_epoch": as above, for logs and metrics.
std::string_view to_string(Verdict verdict);

}  // namespace gantry::replication
