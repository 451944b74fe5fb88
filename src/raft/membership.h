// Who belongs to a group, and how that changes: one member at a time, so that any two majorities before and after have a
// node in common (Raft thesis, 4.1). The core knows ids and votes; addresses, names and tokens are kept here, and travel in
// the entries.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "raft/group.h"
#include "raft/node.h"
#include "raft/types.h"

namespace gantry::raft {

// A learner may become a voter when it lacks at most so many committed entries: else the group might wait for it.
inline constexpr Index promotable_lag_max = 1000;

// The members after each change since the newest snapshot: a snapshot says who they were at its entry, which may be older
// than the last change.
class MemberHistory {
 public:
  void reset(Index at, Members members) { states_ = {{at, std::move(members)}}; }
  // Errors, with nothing changed: what the change says cannot be read.
  Result<void> apply(Index index, const Node::AppliedChange& change);
  void forget_before(Index index);

  const Members& newest() const { return states_.back().second; }
  const Members& at(Index index) const;  // those after the entry `index`; the oldest known ones when it is before them

 private:
  std::vector<std::pair<Index, Members>> states_{{0, Members{}}};  // never empty, ascending
};

struct PlannedChange {
  Node::Change kind = Node::Change::add_voter;
  std::string context;  // MemberFacts, encoded
};

// The core's change for ours, or why it may not be: Errc::invalid_argument, already_exists, not_found.
Result<PlannedChange> plan_change(const Members& members, const MemberChange& change, NodeId leader);

}  // namespace gantry::raft
