// 1013 and 1003: who is a member of a set, and where.
#include <algorithm>

#include "replication/checks.h"
#include "replication/limits.h"
#include "replication/state.h"

namespace gantry::replication {
namespace {

Applied answered(const ReplicaSet& set, bool changed) {
  Applied applied{.outcome = answer_of(set), .role_changed = {}};
  applied.outcome.changed = changed;
  return applied;
}

Applied refuse_id(std::int64_t id, std::string_view broker_name, std::int64_t next, std::string_view why) {
  return refuse(Verdict::broker_id_invalid,
                "broker id {} of {} {}: ask for the next id, which is {}, and apply for that", id, broker_name, why,
                next);
}

Member& member_of(ReplicaSet& set, std::int64_t id) {
  return *std::ranges::lower_bound(set.members, id, {}, &Member::broker_id);
}

}  // namespace

Applied State::apply_id(const ApplyBrokerId& command) {
  ReplicaSet* set = sets_.find(command.broker_name);
  if (auto refused = refuse_other_cluster(command.cluster_name, set)) return *std::move(refused);
  const std::string_view address = address_in(command.check_code);
  const std::int64_t id = command.broker_id;
  const std::int64_t next = next_broker_id({}, command.broker_name).next_broker_id;
  if (set != nullptr) {
    if (const Member* owner = set->member(id)) {
      if (owner->check_code == command.check_code) return answered(*set, false);
      // Imported: the other controller did not tell the code, so the address has to do, once.
      if (!owner->check_code.empty() || owner->address != address) {
        return refuse_id(id, set->broker_name, next, fmt::format("belongs to the broker at {}", owner->address));
      }
      member_of(*set, id).check_code = command.check_code;
      return answered(*set, true);
    }
  }
  if (id != next) return refuse_id(id, command.broker_name, next, "is not free");
  if (next >= kBrokerIdMax) {
    return refuse(Verdict::broker_id_invalid, "{} has used up its broker ids: move to another broker name",
                  command.broker_name);
  }
  if (set == nullptr && sets_.size() >= kReplicaSetsMax) {
    return refuse(Verdict::invalid_request, "this controller holds {} broker sets, the most it can: clean old ones",
                  sets_.size());
  }
  if (set != nullptr && set->members.size() >= kMembersMax) {
    return refuse(Verdict::invalid_request, "{} has {} members, the most it can: clean those that are gone",
                  set->broker_name, set->members.size());
  }
  if (set == nullptr) set = &found_set(command.cluster_name, command.broker_name);
  set->members.push_back({id, std::string(address), command.check_code});  // the highest id so far
  set->next_broker_id = id + 1;
  return answered(*set, true);
}

Applied State::register_broker(const RegisterBroker& command) {
  ReplicaSet* set = sets_.find(command.broker_name);
  if (auto refused = refuse_other_cluster(command.cluster_name, set)) return *std::move(refused);
  if (set == nullptr) {
    return refuse(
        Verdict::broker_need_to_be_registered,
        "broker set {} is not known here: apply for a broker id first (a broker that has one already must forget "
        "it: remove the file at its storePathBrokerIdentity)",
        command.broker_name);
  }
  const Member* member = set->member(command.broker_id);
  if (member == nullptr) {
    return refuse(
        Verdict::broker_need_to_be_registered,
        "broker {} is not a member of {} (any more): apply for a broker id first (a broker that was cleaned must "
        "forget its own: remove the file at its storePathBrokerIdentity)",
        command.broker_id, set->broker_name);
  }
  if (!command.heartbeat_address.empty() && command.heartbeat_address != command.address) {
    return refuse(
        Verdict::broker_id_invalid,
        "broker {} of {} is alive at {}: two brokers use one id, as after copying a store; stop one of them, or "
        "wait until its heartbeats have timed out if it has moved",
        command.broker_id, set->broker_name, command.heartbeat_address);
  }
  Applied applied;
  if (member->address != command.address) {
    member_of(*set, command.broker_id).address = command.address;
    applied.outcome.changed = true;
    // A process that comes up elsewhere was stopped before, whether anybody saw it or not: it may have lost what it had
    // not written, and its slaves would keep the old address as long as the epoch is the same.
    if (set->master_id == command.broker_id && set->master_epoch < kEpochMax) {
      applied.role_changed =
          begin_epoch(*set, std::nullopt,
                      {.reason = ElectionReason::address_changed, .proposed_at_ms = command.proposed_at_ms}, {});
    }
  }
  const bool changed = applied.outcome.changed;
  applied.outcome = answer_of(*set);
  applied.outcome.changed = changed;
  if (set->master_id && !is_alive(command.facts, *set->master_id)) {
    applied.outcome.master_id.reset();
    applied.outcome.master_address.clear();
  }
  return applied;
}

}  // namespace gantry::replication
