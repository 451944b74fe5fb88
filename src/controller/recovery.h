// A group that has lost the majority of its directories for good begins anew from what one survivor has: its snapshot and its
// whole log become the founding state of a group of one, under another name, other ids and another token. Offline: works on a
// copy, and leaves the survivor's directory as it is.
//
// - Entries whose commit the survivor does not know of are taken too: each may have been acknowledged. One that was not becomes
//   valid now; to its client the outcome was unknown.
// - The name of the group is another one, so that no node of the old group can ever speak with the new one: that is looked at in
//   each greeting and in each directory.
// - What only the lost directories had is lost: it was acknowledged by them, without the survivor.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "controller/identity.h"
#include "raft/types.h"
#include "replication/state.h"

namespace gantry::controller {

struct Survivor {
  Identity identity;
  raft::Members members;  // of the old group, as of the newest snapshot and of nothing later
  replication::State state;
  std::uint32_t version = 1;  // of formats, that the state needs
  raft::Position last;        // entry of the log
  raft::Term term = 0;
  std::uint64_t not_known_committed = 0;  // of the entries that are in the state
  raft::NodeId free_id = 0;               // that no node of the old group ever had
};

// `directory`: of a member of a group that is stopped, or a copy of one: it is written to. Errors: invalid_argument (of no
// member), corrupt, unimplemented (written by a newer version).
Result<Survivor> read_survivor(const std::string& directory);

struct NewGroup {
  std::string directory;  // empty, or not there
  std::string group;      // another name than that of the old one
  std::string self;       // of the one member that it has at first
  std::string address;    // host:port, where its peers will find it
};
// Durable when it returns; what an error leaves behind is no directory of a member.
Result<void> found_anew(const Survivor& survivor, const NewGroup& group);

}  // namespace gantry::controller
