// Whole controllers in one deterministic world: the production Replica (state machine, writes, reads, heartbeats), the
// production LogDriver and raft::Group with the real consensus core, over a network that drops, delays, reorders, repeats
// and cuts (one way too), disks that lose what was not synced or fail, crashes that lose memory, processes that stand
// still, clocks with rates of their own that jump. Brokers send heartbeats, register, become masters, die and come back;
// operators designate masters and clean; readers ask any node. Everything follows from the seed. Checked:
//
// - the history of each replica set, as its clients saw it, is linearizable; an operation without an answer may have
//   happened or not;
// - what Truth looks at: the same state at the same entry everywhere, one leader in a term, one master in an epoch, epochs
//   that only grow, broker ids given once, masters elected from the sync-state set;
// - in an upgrade: nodes of the old version read all that they are sent;
// - when all faults end, within some seconds: a leader, writes through any node, a live master for every replica set that
//   has a live member in sync, all nodes at the same state; and everything that was acknowledged is in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gantry::sim {

// Bugs planted to show that they are found. All are in the simulation's own parts, none in what is tested.
enum class Bug {
  none,
  join_sent_round,       // a read waits for a round that was sent before it came
  answer_before_commit,  // a leader answers a write when it has proposed it
  ack_before_sync,       // the disk says "durable" and is not
  forget_vote,           // the vote is gone after a restart
  local_heartbeats,      // each controller decides by the heartbeats that it got itself
  fast_lease,            // a lease on clocks that differ by more than it allows for
  lossy_entry,           // a leader applies what it proposed, not what it wrote in an older version
  old_snapshot,          // a snapshot is written in an older version than entries that led to it
};

struct Plan {
  std::uint64_t seed = 1;
  std::uint64_t steps = 4'000;  // of a millisecond, with faults; then the healing
  Bug bug = Bug::none;
  bool upgrade = false;  // nodes begin in an old version, and come back in a new one, each at another time (versions.h)
};

struct Report {
  std::optional<std::string> failure;  // what was not as promised
  std::uint64_t trace = 0;             // the same for the same plan
  std::uint64_t committed = 0;
  std::uint64_t operations = 0;     // in histories
  std::uint64_t reads = 0;          // answered
  std::uint64_t indeterminate = 0;  // of the operations
  std::uint64_t undecided = 0;      // histories too long to judge; a failure too
  std::uint64_t judged_steps = 0;
  std::uint64_t crashes = 0;
  std::uint64_t leaders = 0;
  std::uint64_t elections = 0;    // of masters
  std::uint64_t unclean = 0;      // of those
  std::uint64_t snapshots = 0;    // restored
  std::uint64_t new_entries = 0;  // of the new version, in an upgrade
  std::uint64_t leases = 0;       // reads answered by lease
  std::uint64_t healed_ms = 0;    // from the last fault until all was well
};

Report simulate(const Plan& plan);

}  // namespace gantry::sim
