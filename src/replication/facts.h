// What the proposer of a command knew of one replica, from its heartbeats (BROKER_HEARTBEAT, 904). Facts travel inside
// the command, so that every controller decides from the same ones.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace gantry::replication {

// What a heartbeat did not say is what the Java controller puts in its place (DefaultBrokerHeartbeatManager).
struct BrokerFacts {
  std::int64_t broker_id = 0;
  bool alive = false;            // heartbeats came within the broker's own timeout and its connection is open
  std::int32_t epoch = -1;       // of the newest data in its log
  std::int64_t max_offset = -1;  // bytes in its commit log
  // brokerElectionPriority: the *lower* number is preferred; brokers send 2^31-1 unless configured.
  std::int32_t priority = std::numeric_limits<std::int32_t>::max();

  bool operator==(const BrokerFacts&) const = default;
};

// Of these, those of `broker_id`; the first when it is there twice. A replica that is not there is not alive.
inline BrokerFacts facts_of(std::span<const BrokerFacts> all, std::int64_t broker_id) {
  for (const BrokerFacts& facts : all) {
    if (facts.broker_id == broker_id) return facts;
  }
  return BrokerFacts{.broker_id = broker_id};
}

inline bool is_alive(std::span<const BrokerFacts> all, std::int64_t broker_id) {
  return facts_of(all, broker_id).alive;
}

}  // namespace gantry::replication
