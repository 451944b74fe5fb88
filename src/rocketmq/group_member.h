// Being a member of a consumer group: heartbeats to every broker of the subscribed topics, the list of members, notices
// that the list changed, farewell. One Cluster has at most one member of a group, because brokers know clients by
// connection.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "rocketmq/cluster.h"
#include "wire/bodies/heartbeat.h"

namespace gantry::rocketmq {

class GroupMember {
 public:
  // subscriptions: the topics of the group, retry topic included when it is read.
  GroupMember(std::shared_ptr<Cluster> cluster, std::string group, std::string consume_type,
              std::string consume_from_where, std::vector<wire::SubscriptionData> subscriptions);

  const std::string& client_id() const { return client_id_; }
  const std::string& group() const { return group_; }

  // Java: every 30 s; a broker forgets a client after 120 s. Fails when no broker took it.
  boost::asio::awaitable<Result<void>> heartbeat();
  bool all_took() const { return all_took_; }  // of the last heartbeat: every broker did
  // The client ids of the group, sorted, each once, as one broker of the topic knows them.
  boost::asio::awaitable<Result<std::vector<std::string>>> members(std::string topic);
  boost::asio::awaitable<void> unregister();

  // What to do when the brokers ask for it. To be set before the first heartbeat.
  void listen(GroupListener listener) { *listener_ = std::move(listener); }
  void stop_listening() { *listener_ = {}; }

 private:
  boost::asio::awaitable<std::set<std::string>> broker_addresses();

  std::shared_ptr<Cluster> cluster_;
  std::string group_;
  std::string client_id_;
  wire::HeartbeatData data_;
  std::vector<std::string> topics_;
  std::shared_ptr<GroupListener> listener_ = std::make_shared<GroupListener>();
  std::set<std::string> greeted_;  // addresses that know us
  bool all_took_ = false;
};

}  // namespace gantry::rocketmq
