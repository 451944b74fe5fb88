// The clients that are connected: producers and consumers by group, and the connections to reach them by.
// Rule: org.apache.rocketmq.broker.client.ConsumerManager and ProducerManager.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "queueing/group_membership.h"
#include "remoting/server.h"

namespace gantry::broker {

class Clients {
 public:
  // Remembers the connection for as long as it is open.
  void saw(const std::shared_ptr<remoting::Peer>& peer);
  Result<void> consumer_heartbeat(std::string_view group, const queueing::GroupProfile& profile,
                                  const queueing::Member& member,
                                  const std::vector<queueing::Subscription>& subscriptions);
  Result<void> producer_heartbeat(std::string_view group, const queueing::Member& member);
  void unregister(std::string_view producer_group, std::string_view consumer_group, std::uint64_t connection);
  void closed(std::uint64_t connection);
  void drop_silent(std::int64_t now_ms);

  const queueing::GroupMembership& consumers() const { return consumers_; }
  const std::map<std::uint64_t, queueing::Member>* producers(std::string_view group) const;
  const std::map<std::string, std::map<std::uint64_t, queueing::Member>, std::less<>>& all_producers() const {
    return producers_;
  }
  std::shared_ptr<remoting::Peer> peer(std::uint64_t connection) const;
  // The connection of a consumer by its client id.
  std::shared_ptr<remoting::Peer> consumer_peer(std::string_view group, std::string_view client_id) const;

  // Tells the connections that the consumers of a group changed, unless notify_allowed says that the group does not want it.
  std::function<bool(std::string_view group)> notify_allowed;

 private:
  static constexpr std::size_t kProducerGroupsMax = 100'000;
  void notify(const queueing::GroupMembership::Change& change);

  queueing::GroupMembership consumers_;
  std::map<std::string, std::map<std::uint64_t, queueing::Member>, std::less<>> producers_;
  std::unordered_map<std::uint64_t, std::weak_ptr<remoting::Peer>> peers_;
};

}  // namespace gantry::broker
