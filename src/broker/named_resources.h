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

// How a request names them. Fails when they stand in a body that cannot be read.
using NameReader = Result<NamedResources> (*)(const wire::Command& request);

Result<NamedResources> names_in_fields(const wire::Command& request);  // header fields of the usual names
Result<NamedResources> names_of_send(const wire::Command& request);    // a send's header has one letter for each field
Result<NamedResources> names_of_heartbeat(const wire::Command& request);
Result<NamedResources> names_of_lock(const wire::Command& request);
Result<NamedResources> names_of_unlock(const wire::Command& request);
Result<NamedResources> names_of_batch_ack(const wire::Command& request);
Result<NamedResources> names_of_query_assignment(const wire::Command& request);

}  // namespace gantry::broker
