#include "queueing/group_membership.h"

#include <algorithm>

namespace gantry::queueing {

GroupMembership::Change GroupMembership::change_of(std::string_view group, const GroupState& state) const {
  Change change{std::string(group), {}};
  for (const auto& [connection, member] : state.members) change.notify.push_back(connection);
  return change;
}

Result<GroupMembership::Change> GroupMembership::heartbeat(std::string_view group, const GroupProfile& profile,
                                                           const Member& member,
                                                           const std::vector<Subscription>& subscriptions) {
  auto found = groups_.find(group);
  if (found == groups_.end()) {
    if (groups_.size() >= kGroupsMax) {
      return fail(Errc::resource_exhausted, "consumer groups: the limit of {} is reached", kGroupsMax);
    }
    found = groups_.emplace(std::string(group), GroupState{}).first;
  }
  GroupState& state = found->second;
  bool changed = false;

  auto known = state.members.find(member.connection);
  if (known == state.members.end()) {
    if (state.members.size() >= kMembersMax) {
      return fail(Errc::resource_exhausted, "consumer group {}: the limit of {} members is reached", group,
                  kMembersMax);
    }
    state.members.emplace(member.connection, member);
    changed = true;
  } else {
    changed = known->second.client_id != member.client_id;
    known->second = member;
  }
  state.profile = profile;

  for (const Subscription& subscription : subscriptions) {
    auto old = state.subscriptions.find(subscription.topic);
    if (old == state.subscriptions.end()) {
      if (state.subscriptions.size() >= kSubscriptionsMax) {
        return fail(Errc::resource_exhausted, "consumer group {}: the limit of {} subscriptions is reached", group,
                    kSubscriptionsMax);
      }
      state.subscriptions.emplace(subscription.topic, subscription);
      changed = true;
    } else if (subscription.sub_version > old->second.sub_version) {
      old->second = subscription;
    }
  }
  // the latest heartbeat says what the group consumes: topics that it no longer names are dropped
  changed |= std::erase_if(state.subscriptions, [&](const auto& entry) {
               return std::none_of(subscriptions.begin(), subscriptions.end(),
                                   [&](const Subscription& s) { return s.topic == entry.first; });
             }) > 0;

  if (!changed) return Change{std::string(group), {}};
  return change_of(group, state);
}

GroupMembership::Change GroupMembership::unregister(std::string_view group, ConnectionId connection) {
  auto found = groups_.find(group);
  if (found == groups_.end() || found->second.members.erase(connection) == 0) return {std::string(group), {}};
  Change change = change_of(group, found->second);
  if (found->second.members.empty()) groups_.erase(found);
  return change;
}

std::vector<GroupMembership::Change> GroupMembership::connection_closed(ConnectionId connection) {
  std::vector<std::string> left;
  for (const auto& [group, state] : groups_) {
    if (state.members.contains(connection)) left.push_back(group);
  }
  std::vector<Change> changes;
  changes.reserve(left.size());
  for (const std::string& group : left) changes.push_back(unregister(group, connection));
  return changes;
}

std::vector<GroupMembership::Change> GroupMembership::drop_silent(std::int64_t now_ms) {
  std::vector<Change> changes;
  for (auto group = groups_.begin(); group != groups_.end();) {
    GroupState& state = group->second;
    const std::size_t dropped = std::erase_if(
        state.members, [&](const auto& entry) { return now_ms - entry.second.last_seen_ms > kSilenceMsMax; });
    if (dropped > 0) changes.push_back(change_of(group->first, state));
    group = state.members.empty() ? groups_.erase(group) : std::next(group);
  }
  return changes;
}

const GroupState* GroupMembership::find(std::string_view group) const {
  auto found = groups_.find(group);
  return found != groups_.end() ? &found->second : nullptr;
}

const Subscription* GroupMembership::subscription(std::string_view group, std::string_view topic) const {
  const GroupState* state = find(group);
  if (state == nullptr) return nullptr;
  auto found = state->subscriptions.find(topic);
  return found != state->subscriptions.end() ? &found->second : nullptr;
}

std::vector<std::string> GroupMembership::client_ids(std::string_view group) const {
  std::vector<std::string> ids;
  if (const GroupState* state = find(group)) {
    for (const auto& [connection, member] : state->members) ids.push_back(member.client_id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::vector<std::string> GroupMembership::groups_of_topic(std::string_view topic) const {
  std::vector<std::string> names;
  for (const auto& [group, state] : groups_) {
    if (state.subscriptions.contains(topic)) names.push_back(group);
  }
  return names;
}

}  // namespace gantry::queueing
