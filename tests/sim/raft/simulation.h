// A group of production Groups in one deterministic world: a network that drops, delays, reorders, repeats and cuts (one way
// too), disks that lose what was not synced or fail, crashes that lose memory, a clock rate for each node, members that come
// and go, nodes whose disk is replaced and whose id is given up. Everything follows from the seed. While it runs, what Raft promises is checked:
//
// - two nodes never hand out different entries at one index, and never lead in one term;
// - entries of one index and term are the same in all logs (log matching);
// - an entry of which a client was told stays, through any crashes;
// - a read round that is answered has seen every write that a client was told of before the round was asked for;
// - a node is never poisoned, and no correct message is refused as nonsense;
// - when all faults end, the group elects a leader, and all members arrive at the same state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gantry::raft::sim {

// Bugs planted to show that they are found.
enum class Bug {
  none,
  reply_before_sync,  // the disk says "durable" and is not
  forget_vote,        // the vote is gone after a restart
  local_read,         // a leader answers reads by what it knows to be committed, without asking anybody
  join_sent_round,    // a read waits for a round that was sent before it came
};

struct Plan {
  std::uint64_t seed = 1;
  std::uint64_t steps = 8'000;  // of a millisecond
  Bug bug = Bug::none;
};

struct Report {
  std::optional<std::string> failure;  // what was not as promised
  std::uint64_t trace = 0;             // the same for the same plan
  std::uint64_t committed = 0;
  std::uint64_t reads = 0;
  std::uint64_t crashes = 0;
  std::uint64_t elections = 0;
  std::uint64_t snapshots = 0;  // installed
  std::uint64_t changes = 0;    // of members
  std::uint64_t disks_lost = 0;
};

Report simulate(const Plan& plan);

}  // namespace gantry::raft::sim
