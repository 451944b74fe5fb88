// Whether a consumer group reads a topic by pull or by POP, when it asks the broker for its queues.
// Rule: org.apache.rocketmq.broker.loadbalance.MessageRequestModeManager.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "store/store.h"

namespace gantry::broker {

struct RequestMode {
  bool pop = false;
  std::int32_t share =
      0;  // popShareQueueNum: with how many other clients a queue is shared; 0: everybody pops everywhere
};

class RequestModes {
 public:
  explicit RequestModes(store::Store& store) : store_(store) {}

  Result<void> load();
  RequestMode find(std::string_view topic, std::string_view group) const;  // pull when nothing was set
  void set(std::string_view topic, std::string_view group, RequestMode mode);

 private:
  store::Store& store_;
  std::map<std::string, RequestMode, std::less<>> modes_;  // by the name of the setting
};

}  // namespace gantry::broker
