// What apply says of a command: the answer to whoever asked, and what has to be told to others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "replication/replica_set.h"
#include "replication/verdict.h"

namespace gantry::replication {

struct MemberAddress {
  std::int64_t broker_id = 0;
  std::string address;

  bool operator==(const MemberAddress&) const = default;
};

// The values are those after the command, as far as the request has them in its answer; of an unknown set all are empty.
struct Outcome {
  Verdict verdict = Verdict::success;
  bool changed = false;  // false: the state is as before (always so when refused, except for master_not_available)
  std::string remark;    // empty on success; otherwise what is wrong and what to do next, one line

  std::optional<std::int64_t> master_id;  // 1003 names it only while it is alive
  std::string master_address;
  std::int32_t master_epoch = 0;
  std::int32_t sync_state_set_epoch = 0;
  std::vector<std::int64_t> sync_state_set;  // ascending
  std::vector<MemberAddress> members;        // 1002 that elected somebody: ascending by id
  std::int64_t next_broker_id = 0;           // State::next_broker_id

  bool operator==(const Outcome&) const = default;
};

// Effect: the master epoch of a set grew. With a master: 1008 NOTIFY_BROKER_ROLE_CHANGED to all members that are alive.
// Without one nobody is told (brokers ask by themselves when they see the new epoch); after master_cleaned and
// address_changed the leader should propose an election at once.
struct RoleChanged {
  std::string cluster_name;
  std::string broker_name;
  std::optional<std::int64_t> master_id;
  std::string master_address;
  std::int32_t master_epoch = 0;
  std::int32_t sync_state_set_epoch = 0;
  std::vector<std::int64_t> sync_state_set;
  std::vector<MemberAddress> members;  // ascending by id
  ElectionRecord record;               // for the log line: why, and who was it before

  bool operator==(const RoleChanged&) const = default;
};

struct Applied {
  Outcome outcome;
  std::optional<RoleChanged> role_changed;

  bool operator==(const Applied&) const = default;
};

}  // namespace gantry::replication
