#include "replication/replica_set.h"

#include <algorithm>

namespace gantry::replication {

std::string_view to_string(ElectionReason reason) {
  switch (reason) {
    case ElectionReason::broker_asked: return "broker_asked";
    case ElectionReason::operator_designated: return "operator_designated";
    case ElectionReason::operator_asked: return "operator_asked";
    case ElectionReason::connection_closed: return "connection_closed";
    case ElectionReason::silent: return "silent";
    case ElectionReason::expired: return "expired";
    case ElectionReason::member_returned: return "member_returned";
    case ElectionReason::master_cleaned: return "master_cleaned";
    case ElectionReason::address_changed: return "address_changed";
    case ElectionReason::imported: return "imported";
  }
  return "unknown";
}

std::string_view to_string(CandidateVerdict verdict) {
  switch (verdict) {
    case CandidateVerdict::elected: return "elected";
    case CandidateVerdict::not_in_sync: return "not_in_sync";
    case CandidateVerdict::not_alive: return "not_alive";
    case CandidateVerdict::not_designated: return "not_designated";
    case CandidateVerdict::lower_epoch: return "lower_epoch";
    case CandidateVerdict::lower_offset: return "lower_offset";
    case CandidateVerdict::lower_priority: return "lower_priority";
    case CandidateVerdict::not_previous: return "not_previous";
    case CandidateVerdict::higher_id: return "higher_id";
    case CandidateVerdict::master_stays: return "master_stays";
  }
  return "unknown";
}

const Member* ReplicaSet::member(std::int64_t broker_id) const {
  const auto found = std::ranges::lower_bound(members, broker_id, {}, &Member::broker_id);
  return found != members.end() && found->broker_id == broker_id ? &*found : nullptr;
}

bool ReplicaSet::in_sync(std::int64_t broker_id) const { return std::ranges::binary_search(sync_state_set, broker_id); }

std::string_view ReplicaSet::address_of(std::int64_t broker_id) const {
  const Member* found = member(broker_id);
  return found != nullptr ? std::string_view(found->address) : std::string_view();
}

std::string_view ReplicaSet::master_address() const { return master_id ? address_of(*master_id) : std::string_view(); }

}  // namespace gantry::replication
