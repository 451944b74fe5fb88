// Access control: whose signature a request carries, and whether that user may do what it asks.
// Rule: org.apache.rocketmq.acl (ACL 1.0) and org.apache.rocketmq.auth (2.0), which sign alike.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "broker/config.h"
#include "broker/table.h"
#include "wire/command.h"

namespace gantry::broker {

class AccessControl {
 public:
  explicit AccessControl(const Config& config);

  bool enabled() const { return !users_.empty(); }
  // unauthenticated: no access key, an unknown one or a wrong signature; permission_denied: the user may not.
  Result<void> check(const wire::Command& request) const;

 private:
  std::map<std::string, User, std::less<>> users_;
  std::unordered_map<std::int32_t, const Route*> routes_;  // of both ports
};

}  // namespace gantry::broker
