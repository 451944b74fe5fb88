// Being a member of a consumer group: joining, the loop of heartbeats to every broker of the subscribed topics, the list
// of members, notices that the list changed, farewell. Masters decide; slaves are told, and nobody waits for what they
// say: a client may not reach them at all. One Cluster has at most one member of a group, because brokers
// know clients by connection.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "rocketmq/cluster.h"
#include "rocketmq/consumer.h"
#include "rocketmq/errors_by_source.h"
#include "rocketmq/wakeup.h"
#include "wire/bodies/heartbeat.h"

namespace gantry::rocketmq {

struct GroupMemberConfig {
  std::string group;
  std::string_view consume_type;  // wire::kConsumePassively, ...
  ConsumeFrom from = ConsumeFrom::earliest;
  std::vector<wire::SubscriptionData> subscriptions;  // retry topic included when it is read
  // Java: 30 s; a broker forgets a client after 120 s.
  std::chrono::milliseconds heartbeat_interval{30'000};
};

class GroupMember {
 public:
  // errors: of the consumer whose member this is; outlives it.
  GroupMember(std::shared_ptr<Cluster> cluster, ErrorsBySource& errors, GroupMemberConfig config);

  const std::string& client_id() const { return client_id_; }

  // The first heartbeat, and when a broker took it the loop of the others, each one after `before`.
  // owner: kept until the loop has ended; what the functions refer to, and this, belongs to it.
  boost::asio::awaitable<Result<void>> join(std::shared_ptr<void> owner,
                                            std::function<boost::asio::awaitable<void>()> before = {});
  // One heartbeat out of turn. Fails when no broker took it; that is noted, until one went well.
  boost::asio::awaitable<Result<void>> heartbeat();
  // A broker was away, and if it was started anew it does not know us: heartbeats go out until all masters took one, and
  // then the members may have changed.
  void rejoin();
  // Of something that happened once, and has no success of its own: shown until a heartbeat went well.
  void note_event(const Error& error);
  // The client ids of the group, sorted, each once, as one broker of the topic knows them.
  boost::asio::awaitable<Result<std::vector<std::string>>> members(std::string topic);

  // What to do when the brokers ask for it. To be set before joining.
  void listen(GroupListener listener) {
    *listener_ = std::move(listener);
    listener_->client_id = client_id_;
  }

  // No heartbeat is sent and the listener is not called from this moment on. unregister() must follow.
  void retire();
  boost::asio::awaitable<void> unregister();

 private:
  // Addresses.
  struct Brokers {
    std::set<std::string> masters;  // of a broker without one the slave that we read from
    std::set<std::string> slaves;   // the others
  };

  boost::asio::awaitable<void> beats(std::function<boost::asio::awaitable<void>()> before);
  boost::asio::awaitable<Result<void>> beat();
  boost::asio::awaitable<Brokers> brokers();

  std::shared_ptr<Cluster> cluster_;
  ErrorsBySource& errors_;
  const std::string group_;
  const std::chrono::milliseconds heartbeat_interval_;
  std::string client_id_;
  wire::HeartbeatData data_;
  std::vector<std::string> topics_;
  std::shared_ptr<GroupListener> listener_ = std::make_shared<GroupListener>();
  Brokers greeted_;  // they may know us, whether they answered or not
  Wakeup wakeup_;
  bool all_took_ = false;   // of the last heartbeat: every master did
  bool rejoining_ = false;  // see rejoin()
  bool retired_ = false;
};

}  // namespace gantry::rocketmq
