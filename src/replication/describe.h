// Which fields the stored types have, in which order: the format of entries and snapshots, once. Append only, with
// `since` and a new kEntryVersion, which kSnapshotVersion follows; what stands here is never moved or removed.
// What a new field brings into the state comes out of commands alone that have a new field too: so a state to which no entry
// of the new version was applied has nothing that the old one could not write, and one to which some was is never written
// in the old one (Replica).
#pragma once

#include "replication/command.h"
#include "replication/facts.h"
#include "replication/replica_set.h"
#include "replication/state.h"

namespace gantry::replication {

template <class A>
void describe(A& fields, typename A::template In<BrokerFacts>& v) {
  fields(v.broker_id, v.alive, v.epoch, v.max_offset, v.priority);
}
template <class A>
void describe(A& fields, typename A::template In<Member>& v) {
  fields(v.broker_id, v.address, v.check_code);
}
template <class A>
void describe(A& fields, typename A::template In<Candidate>& v) {
  fields(v.facts, v.in_sync, v.verdict);
}
template <class A>
void describe(A& fields, typename A::template In<ElectionRecord>& v) {
  fields(v.master_epoch, v.old_master, v.new_master, v.reason, v.first, v.unclean, v.proposed_at_ms);
}

template <class A>
void describe(A& fields, typename A::template In<AlterSyncStateSet>& v) {
  fields(v.broker_name, v.master_id, v.master_epoch, v.sync_state_set_epoch, v.sync_state_set, v.facts);
}
template <class A>
void describe(A& fields, typename A::template In<ElectMaster>& v) {
  fields(v.cluster_name, v.broker_name, v.reason, v.broker_id, v.facts, v.unclean_allowed, v.expected_master_epoch,
         v.proposed_at_ms);
}
template <class A>
void describe(A& fields, typename A::template In<ApplyBrokerId>& v) {
  fields(v.cluster_name, v.broker_name, v.broker_id, v.check_code);
}
template <class A>
void describe(A& fields, typename A::template In<RegisterBroker>& v) {
  fields(v.cluster_name, v.broker_name, v.broker_id, v.address, v.facts, v.heartbeat_address, v.proposed_at_ms);
}
template <class A>
void describe(A& fields, typename A::template In<CleanBrokerData>& v) {
  fields(v.cluster_name, v.broker_name, v.broker_ids, v.clean_living_broker, v.facts, v.proposed_at_ms);
}
template <class A>
void describe(A& fields, typename A::template In<ImportReplicaSet>& v) {
  fields(v.cluster_name, v.broker_name, v.next_broker_id, v.master_id, v.master_epoch, v.sync_state_set_epoch,
         v.sync_state_set, v.members, v.proposed_at_ms);
}

template <class A>
void describe(A& fields, typename A::template In<ReplicaSet>& v) {
  fields(v.cluster_name, v.broker_name, v.next_broker_id, v.master_id, v.previous_master_id, v.master_epoch,
         v.sync_state_set_epoch, v.sync_state_set, v.members, v.elections, v.candidates);
}
template <class A>
void describe(A& fields, typename A::template In<RetiredSet>& v) {
  fields(v.next_broker_id, v.master_epoch, v.sync_state_set_epoch, v.order);
}

}  // namespace gantry::replication
