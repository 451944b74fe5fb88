#include "controller/view.h"

#include <fmt/format.h>

#include <algorithm>

#include "controller/config.h"
#include "controller/directory.h"
#include "controller/member_plan.h"

namespace gantry::controller {

Readiness readiness_of(const NodeView& node) {
  if (!node.member) {
    return {false, node.waits_for.empty() ? "of no group yet: asks its peers whether they have data" : node.waits_for};
  }
  if (node.removed) {
    return {
        false,
        "removed from the group, what it has is of then: stop it; to come back it needs an empty directory and --join"};
  }
  if (node.raft_silent_ms > kRaftSilentMaxMs) {
    return {false, fmt::format("its log was not written for {} s: does the disk below its directory hang?",
                               node.raft_silent_ms / 1'000)};
  }
  if (!node.leader) {
    return {false, fmt::format(
                       "no controller leads in term {}: a majority of them must run and reach each other. If one leads "
                       "elsewhere, `gantry controller members` there tells whether this one is still a member",
                       node.term)};
  }
  if (node.applied + kReadyLagMax < node.commit) {
    return {false, fmt::format("catches up with {}: applied {} of {}", *node.leader, node.applied, node.commit)};
  }
  return {true, fmt::format("{} in term {}, applied {}{}{}",
                            node.role == raft::Role::leader ? "leads" : fmt::format("follows {}", *node.leader),
                            node.term, node.applied, node.twin.empty() ? "" : "; ", node.twin)};
}

void Meters::held(const replication::ElectMaster& election, const replication::Outcome& outcome,
                  std::string_view cluster_name) {
  using replication::Verdict;
  ElectionCounts& counts = elections[election.broker_name];
  if (!cluster_name.empty()) counts.cluster_name = cluster_name;
  if (outcome.verdict == Verdict::success) ++counts.new_master;
  if (outcome.verdict == Verdict::master_still_exist) ++counts.master_kept;
  if (outcome.verdict == Verdict::master_not_available || outcome.verdict == Verdict::elect_master_failed)
    ++counts.no_master;
}

void Meters::keep_only(const replication::State& state) {
  std::erase_if(elections, [&](const auto& set) { return state.find(set.first) == nullptr; });
}

void Meters::changed(replication::ElectionReason reason) {
  ++changes[std::min<std::size_t>(static_cast<std::size_t>(reason), kReasons - 1)];
}

std::size_t SetView::alive() const {
  return static_cast<std::size_t>(std::ranges::count_if(facts, &replication::BrokerFacts::alive));
}

SetState state_of(const SetView& view) {
  const auto& set = view.set;
  if (!set.master_id) return set.sync_state_set.empty() ? SetState::new_set : SetState::no_master;
  const bool whole = view.alive() == set.members.size() && set.sync_state_set.size() == set.members.size();
  return whole ? SetState::healthy : SetState::degraded;
}

std::string_view to_string(SetState state) {
  switch (state) {
    case SetState::healthy: return "healthy";
    case SetState::degraded: return "degraded";
    case SetState::no_master: return "no_master";
    case SetState::new_set: return "new";
  }
  return "unknown";
}

NodeView view_of(const Replica& replica, const Directory& directory, const Config& config) {
  NodeView view;
  view.name = config.self;
  view.group = config.group;
  if (const Peer* own = config.own()) view.address = net::to_string(own->endpoint);
  const auto& leadership = replica.leadership();
  view.role = leadership.role;
  if (leadership.leader != 0) {
    view.leader = directory.name_of(leadership.leader);
    view.leader_address = directory.address_of(leadership.leader);
  }
  view.applied = replica.applied();
  view.writes_waiting = replica.writes_waiting();
  view.reads_waiting = replica.reads_waiting();
  view.brokers_alive = replica.liveness().alive_count(replica.now());
  view.heartbeats_refused = replica.heartbeats_refused();
  view.sets = replica.state().sets().size();
  for (const auto& member : replica.members().list)
    view.members.push_back({member.id, directory.name_of(member.id), member.address, member.voter, {}, {}});
  return view;
}

void watch(NodeView& view, const raft::GroupStatus& status) {
  if (view.role != raft::Role::leader || status.term != view.term) return;
  for (MemberView& member : view.members) {
    const auto found = std::ranges::find(status.members, member.id, [](const auto& one) { return one.member.id; });
    if (found == status.members.end()) continue;
    member.alive = is_alive(*found);
    member.lag = lag_of(*found, status);
  }
}

std::vector<SetView> sets_after(const Replica& replica, std::string_view after, std::size_t count) {
  std::vector<SetView> views;
  const auto& sets = replica.state().sets();
  for (auto set = sets.upper_bound(after); set != sets.end() && views.size() < count; ++set)
    views.push_back({set->second, replica.liveness().facts(set->second, replica.now())});
  return views;
}

}  // namespace gantry::controller
