// What brokers ask of the members of a group over the connections of one Cluster: to look at the list of members again
// (40), to go on at other offsets (220), to tell what they hold (307). A Cluster can serve consumers of many groups over the same connections; each
// request goes to those of the group that it names.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "remoting/client.h"
#include "rocketmq/message.h"
#include "wire/bodies/consumer.h"

namespace gantry::rocketmq {

// Each function may be empty. Called on the io_context's thread.
struct GroupListener {
  std::string client_id;  // whose running info is meant
  std::function<void()> members_changed;
  std::function<void(const std::map<MessageQueue, std::int64_t>&)> offsets_reset;
  std::function<wire::ConsumerRunningInfo()> running_info;
};

class GroupRequests {
 public:
  explicit GroupRequests(remoting::Client& client);

  // As long as the listener lives. Several of one group are all called.
  void listen(const std::string& group, std::weak_ptr<GroupListener> listener);

 private:
  class Listeners;
  std::shared_ptr<Listeners> listeners_;
};

}  // namespace gantry::rocketmq
