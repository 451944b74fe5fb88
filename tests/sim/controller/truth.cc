#include "sim/controller/truth.h"

#include <algorithm>

#include "base/checksum.h"
#include "replication/snapshot.h"
#include "sim/controller/versions.h"

namespace gantry::sim {

namespace {

std::uint32_t checksum_of(const replication::State& state) { return crc32c(replication::encode_snapshot(state)); }

}  // namespace

Truth::Truth() { states_.emplace(index_, checksum_of(state_)); }

bool Truth::committed(raft::NodeId node, raft::Index index, raft::Term term, const std::string& entry) {
  const std::pair here{term, crc32c(entry)};
  auto [it, fresh] = entries_.try_emplace(index, here);
  if (!fresh) {
    if (it->second != here) {
      broken("controller {} hands out another entry {} (term {}) than was committed (term {})", node, index, term,
             it->second.first);
    }
    return false;
  }
  if (index != index_ + 1) broken("controller {} hands out entry {} after entry {}", node, index, index_);
  index_ = index;
  if (!entry.empty()) {
    const auto commands = decode_any(entry);
    if (!commands) broken("entry {} cannot be read: {}", index, commands.error().message);
    for (const auto& command : *commands) apply(command);
  }
  states_.emplace(index, checksum_of(state_));
  return true;
}

void Truth::state(raft::NodeId node, raft::Index index, const replication::State& state) {
  const auto expected = states_.find(index);
  if (expected == states_.end()) broken("controller {} has applied entry {}, which nobody committed", node, index);
  if (expected->second != checksum_of(state)) broken("controller {} has another state after entry {}", node, index);
}

void Truth::leads(raft::NodeId node, raft::Term term) {
  auto [it, fresh] = leaders_.try_emplace(term, node);
  if (!fresh && it->second != node) broken("controllers {} and {} both lead in term {}", it->second, node, term);
}

void Truth::told(const std::string& broker_name, std::int32_t master_epoch, std::int64_t master) {
  auto [it, fresh] = masters_told_.try_emplace({broker_name, master_epoch}, master);
  if (!fresh && it->second != master) {
    broken("clients were told of two masters of {} in epoch {}: {} and {}", broker_name, master_epoch, it->second,
           master);
  }
}

void Truth::apply(const replication::Command& command) {
  const std::string name(broker_name_of(command));
  replication::ReplicaSet before;
  const bool known = state_.find(name) != nullptr;
  if (known) before = *state_.find(name);
  const auto applied = state_.apply(command);
  const auto* now = state_.find(name);
  if (now == nullptr) return;
  check(known ? &before : nullptr, *now);
  if (applied.role_changed) check_election(before, *now, *applied.role_changed);
}

void Truth::check(const replication::ReplicaSet* before, const replication::ReplicaSet& now) {
  auto& epochs = epochs_[now.broker_name];
  if (now.master_epoch < epochs.master || now.sync_state_set_epoch < epochs.sync_state_set) {
    broken("an epoch of {} went back to {} and {}", now.broker_name, now.master_epoch, now.sync_state_set_epoch);
  }
  const bool in_sync_changed = before && before->sync_state_set != now.sync_state_set;
  if (in_sync_changed && now.sync_state_set_epoch == epochs.sync_state_set) {
    broken("{} has another sync-state set in epoch {}", now.broker_name, now.sync_state_set_epoch);
  }
  if (before && before->master_id != now.master_id && now.master_epoch == epochs.master) {
    broken("{} has another master in epoch {}", now.broker_name, now.master_epoch);
  }
  epochs = {now.master_epoch, now.sync_state_set_epoch};
  for (const auto& member : now.members) {
    auto [owner, fresh] = owners_.try_emplace({now.broker_name, member.broker_id}, member.check_code);
    if (!fresh && owner->second != member.check_code) {
      broken("broker id {} of {} is given twice: to {} and to {}", member.broker_id, now.broker_name, owner->second,
             member.check_code);
    }
  }
  for (const std::int64_t id : now.sync_state_set) {
    if (!now.member(id)) broken("broker {} is in sync in {} and no member", id, now.broker_name);
  }
  if (now.master_id && !now.in_sync(*now.master_id)) broken("the master of {} is not in sync", now.broker_name);
}

void Truth::check_election(const replication::ReplicaSet& before, const replication::ReplicaSet& now,
                           const replication::RoleChanged& change) {
  ++elections_;
  unclean_ += change.record.unclean;
  if (!now.master_id) return;
  auto [it, fresh] = masters_.try_emplace({now.broker_name, now.master_epoch}, *now.master_id);
  if (!fresh && it->second != *now.master_id) {
    broken("two masters of {} in epoch {}", now.broker_name, now.master_epoch);
  }
  const bool free = change.record.unclean || change.record.first;
  if (!free && !before.in_sync(*now.master_id)) {
    broken("broker {} of {} was elected and was not in sync", *now.master_id, now.broker_name);
  }
}

}  // namespace gantry::sim
