// What is true for all controllers of a simulation, as they tell it; a contradiction is a bug, thrown as Broken. It applies
// the committed log to a state of its own, and looks at each step.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "raft/types.h"
#include "replication/command.h"
#include "replication/outcome.h"
#include "replication/state.h"

namespace gantry::sim {

// Ends the run; simulate() reports it.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void broken(fmt::format_string<Args...> text, Args&&... args) {
  throw Broken(fmt::format(text, std::forward<Args>(args)...));
}

class Truth {
 public:
  Truth();

  // True: it is the first time that somebody hands this entry out.
  bool committed(raft::NodeId node, raft::Index index, raft::Term term, const std::string& entry);
  // A replica has applied everything up to the index.
  void state(raft::NodeId node, raft::Index index, const replication::State& state);
  void leads(raft::NodeId node, raft::Term term);
  // Somebody was told that this is so.
  void told(const std::string& broker_name, std::int32_t master_epoch, std::int64_t master);

  const replication::State& newest() const { return state_; }
  raft::Index newest_index() const { return index_; }
  std::size_t elections() const { return elections_; }
  std::size_t unclean_elections() const { return unclean_; }
  std::size_t leaders() const { return leaders_.size(); }

 private:
  struct Epochs {
    std::int32_t master = 0;
    std::int32_t sync_state_set = 0;
  };
  void apply(const replication::Command& command);
  void check(const replication::ReplicaSet* before, const replication::ReplicaSet& now);
  void check_election(const replication::ReplicaSet& before, const replication::ReplicaSet& now,
                      const replication::RoleChanged& change);

  std::map<raft::Index, std::pair<raft::Term, std::uint32_t>> entries_;
  std::map<raft::Index, std::uint32_t> states_;  // checksums
  std::map<raft::Term, raft::NodeId> leaders_;
  raft::Index index_ = 1;  // that of a group's forming
  replication::State state_;
  std::map<std::string, Epochs> epochs_;                                       // also of sets that were cleaned
  std::map<std::pair<std::string, std::int64_t>, std::string> owners_;         // of broker ids: their check codes
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> masters_;       // of epochs, as applied
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> masters_told_;  // as clients heard
  std::size_t elections_ = 0;
  std::size_t unclean_ = 0;
};

}  // namespace gantry::sim
