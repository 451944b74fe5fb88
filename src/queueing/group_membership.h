// Who is in which consumer group: fed by heartbeats and closed connections, asked for the lists that clients rebalance
// by. Rule: org.apache.rocketmq.broker.client.ConsumerManager and ConsumerGroupInfo.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "queueing/subscription.h"

namespace gantry::queueing {

using ConnectionId = std::uint64_t;

struct Member {
  std::string client_id;
  ConnectionId connection = 0;
  std::string address;
  std::uint8_t language = 0;
  std::int16_t version = 0;
  std::int64_t last_seen_ms = 0;
};

struct GroupProfile {
  std::string consume_type = "CONSUME_PASSIVELY";
  std::string message_model = "CLUSTERING";
  std::string consume_from_where = "CONSUME_FROM_LAST_OFFSET";

  bool operator==(const GroupProfile&) const = default;
};

struct GroupState {
  GroupProfile profile;
  std::map<ConnectionId, Member> members;
  std::map<std::string, Subscription, std::less<>> subscriptions;  // by topic
};

class GroupMembership {
 public:
  static constexpr std::size_t kGroupsMax = 100'000;
  static constexpr std::size_t kMembersMax = 10'000;       // of one group
  static constexpr std::size_t kSubscriptionsMax = 1'000;  // of one group
  static constexpr std::int64_t kSilenceMsMax = 120'000;   // a member that sends no heartbeat is dropped

  // The connections that must be told that the group's consumers changed (NOTIFY_CONSUMER_IDS_CHANGED).
  struct Change {
    std::string group;
    std::vector<ConnectionId> notify;
  };

  // One group of one heartbeat. A change is reported when a member or a subscription is new or gone.
  // Fails with resource_exhausted at a limit.
  Result<Change> heartbeat(std::string_view group, const GroupProfile& profile, const Member& member,
                           const std::vector<Subscription>& subscriptions);
  Change unregister(std::string_view group, ConnectionId connection);
  std::vector<Change> connection_closed(ConnectionId connection);
  std::vector<Change> drop_silent(std::int64_t now_ms);

  const GroupState* find(std::string_view group) const;  // nullptr: no member now
  const Subscription* subscription(std::string_view group, std::string_view topic) const;
  std::vector<std::string> client_ids(std::string_view group) const;  // sorted, each once
  std::vector<std::string> groups_of_topic(std::string_view topic) const;
  const std::map<std::string, GroupState, std::less<>>& groups() const { return groups_; }

 private:
  Change change_of(std::string_view group, const GroupState& state) const;
  std::map<std::string, GroupState, std::less<>> groups_;
};

}  // namespace gantry::queueing
