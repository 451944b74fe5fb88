// Which topics and consumer groups a request is about: what a user's rights are asked of. A request may name the same
// thing twice, in fields of which its handler reads only one: all of them count.
// Rule: org.apache.rocketmq.auth.authorization.builder.DefaultAuthorizationContextBuilder.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "wire/command.h"

namespace gantry::broker {

struct NamedResources {
  std::vector<std::string> topics;  // retry topics too
  std::vector<std::string> groups;  // consumer groups

  bool operator==(const NamedResources&) const = default;
};

// Fails when they stand in a body that cannot be read.
Result<NamedResources> named_resources(const wire::Command& request);

}  // namespace gantry::broker
