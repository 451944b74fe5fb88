// Which controller a broker is given to ask when they share the brokers among them (spread_brokers): rendezvous hashing,
// so that all controllers choose alike without a word, and only the brokers of one that goes are given to others.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "raft/types.h"

namespace gantry::controller {

// Who asks, as seen in its heartbeats.
struct BrokerIdentity {
  std::string_view cluster_name;
  std::string_view broker_name;
  std::int64_t broker_id = 0;
};

// One of `nodes`, which are not empty; their order does not matter. The same on every machine and in every version.
raft::NodeId node_for(const BrokerIdentity& broker, std::span<const raft::NodeId> nodes);

}  // namespace gantry::controller
