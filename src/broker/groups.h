// The consumer groups that this broker knows, with their configuration. A group that asks for the first time is made.
// Rule: org.apache.rocketmq.broker.subscription.SubscriptionGroupManager.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "broker/config.h"
#include "store/store.h"
#include "wire/bodies/subscription_group.h"

namespace gantry::broker {

class Groups {
 public:
  Groups(store::Store& store, const Config& config) : store_(store), config_(config) {}

  Result<void> load();

  // Made when it is not there and groups may be made. not_found, invalid_argument (name), resource_exhausted.
  Result<const wire::SubscriptionGroupConfig*> get(std::string_view name);
  const wire::SubscriptionGroupConfig* find(std::string_view name) const;
  Result<void> put(wire::SubscriptionGroupConfig group);
  bool remove(std::string_view name);

  const wire::DataVersion& version() const { return version_; }
  const std::map<std::string, wire::SubscriptionGroupConfig, std::less<>>& all() const { return groups_; }

 private:
  store::Store& store_;
  const Config& config_;
  std::map<std::string, wire::SubscriptionGroupConfig, std::less<>> groups_;
  wire::DataVersion version_;
};

}  // namespace gantry::broker
