#include "broker/clients.h"

#include "wire/codes.h"
#include "wire/headers/group.h"

namespace gantry::broker {

void Clients::saw(const std::shared_ptr<remoting::Peer>& peer) { peers_.insert_or_assign(peer->id(), peer); }

Result<void> Clients::consumer_heartbeat(std::string_view group, const queueing::GroupProfile& profile,
                                         const queueing::Member& member,
                                         const std::vector<queueing::Subscription>& subscriptions) {
  auto change = consumers_.heartbeat(group, profile, member, subscriptions);
  if (!change) return std::unexpected(change.error());
  notify(*change);
  return {};
}

Result<void> Clients::producer_heartbeat(std::string_view group, const queueing::Member& member) {
  auto found = producers_.find(group);
  if (found == producers_.end()) {
    if (producers_.size() >= kProducerGroupsMax)
      return fail(Errc::resource_exhausted, "there are {} producer groups, the maximum", kProducerGroupsMax);
    found = producers_.emplace(std::string(group), std::map<std::uint64_t, queueing::Member>()).first;
  }
  found->second.insert_or_assign(member.connection, member);
  return {};
}

void Clients::unregister(std::string_view producer_group, std::string_view consumer_group, std::uint64_t connection) {
  if (auto found = producers_.find(producer_group); found != producers_.end()) {
    found->second.erase(connection);
    if (found->second.empty()) producers_.erase(found);
  }
  if (!consumer_group.empty()) notify(consumers_.unregister(consumer_group, connection));
}

void Clients::closed(std::uint64_t connection) {
  peers_.erase(connection);
  for (auto group = producers_.begin(); group != producers_.end();) {
    group->second.erase(connection);
    group = group->second.empty() ? producers_.erase(group) : std::next(group);
  }
  for (const auto& change : consumers_.connection_closed(connection)) notify(change);
}

void Clients::drop_silent(std::int64_t now_ms) {
  for (const auto& change : consumers_.drop_silent(now_ms)) notify(change);
  for (auto group = producers_.begin(); group != producers_.end();) {
    std::erase_if(group->second, [&](const auto& member) {
      return now_ms - member.second.last_seen_ms > queueing::GroupMembership::kSilenceMsMax;
    });
    group = group->second.empty() ? producers_.erase(group) : std::next(group);
  }
}

const std::map<std::uint64_t, queueing::Member>* Clients::producers(std::string_view group) const {
  auto found = producers_.find(group);
  return found == producers_.end() ? nullptr : &found->second;
}

std::shared_ptr<remoting::Peer> Clients::peer(std::uint64_t connection) const {
  auto found = peers_.find(connection);
  return found == peers_.end() ? nullptr : found->second.lock();
}

std::shared_ptr<remoting::Peer> Clients::consumer_peer(std::string_view group, std::string_view client_id) const {
  const auto* state = consumers_.find(group);
  if (state == nullptr) return nullptr;
  for (const auto& [connection, member] : state->members) {
    if (member.client_id == client_id) return peer(connection);
  }
  return nullptr;
}

void Clients::notify(const queueing::GroupMembership::Change& change) {
  if (change.notify.empty() || (notify_allowed && !notify_allowed(change.group))) return;
  for (const auto connection : change.notify) {
    if (auto to = peer(connection)) {
      to->send_oneway(wire::make_request(wire::request_code::kNotifyConsumerIdsChanged,
                                         wire::NotifyConsumerIdsChangedRequestHeader{change.group}));
    }
  }
}

}  // namespace gantry::broker
