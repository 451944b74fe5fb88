// What the controller asks of consensus, and what it hears from it. Every call returns at once; what comes of it is told
// to the listener later, on the listener's thread. Between the two lies a thread of its own (raft_thread.h) or, in the
// simulation, nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "raft/group.h"

namespace gantry::controller {

inline constexpr std::chrono::milliseconds kRaftTick{10};  // what ticks of the group are

// Pairs an answer with its question; chosen by the asker.
using Token = std::uint64_t;

class ReplicatedLog {
 public:
  virtual ~ReplicatedLog() = default;
  virtual void propose(Token token, std::string entry) = 0;
  virtual void read(Token token) = 0;                               // a read round
  virtual void applied(raft::Index index) = 0;                      // entries up to here are
  virtual void snapshot(raft::Index index, std::string bytes) = 0;  // the state after that entry
};

class LogListener {
 public:
  virtual ~LogListener() = default;
  // Where the entry will stand if it is committed. An error: it was surely not proposed.
  virtual void on_proposed(Token token, const Result<raft::Proposal>& proposal) = 0;
  // The state may be read once the entries up to the index are applied. An error: nobody leads, or not for sure.
  virtual void on_read(Token token, const Result<raft::Index>& index) = 0;
  virtual void on_restore(raft::Index index, const std::string& snapshot) = 0;  // replaces the state
  virtual void on_committed(std::vector<raft::Output::Committed> entries) = 0;  // contiguous, in order
  virtual void on_leadership(const raft::Output::Leadership& leadership) = 0;
  virtual void on_members(const raft::Members& members) = 0;
  virtual void on_snapshot_wanted() = 0;  // now, whatever the usual distance: a new member waits for it
  // All members read entries up to this version; 1 until it is said.
  virtual void on_entry_version(std::uint32_t version) = 0;
  virtual void on_failed(const Error& error) = 0;  // nothing follows: the node cannot go on
};

}  // namespace gantry::controller
