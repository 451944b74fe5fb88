// What clients did and saw, by replica set, and the judgement over it. The writes of the controller itself (its triggers)
// are in it too, as operations that nobody got an answer of.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "raft/group.h"
#include "sim/controller/linearizability.h"
#include "sim/controller/replica_set_model.h"

namespace gantry::sim {

class History {
 public:
  using Id = std::size_t;

  Id called(std::string broker_name);
  // What the operation is became known: a read, or a write as a leader completed it with its facts. One of which this is
  // never said did not happen; nor did one that was refused.
  void is(Id op, ReplicaSetModel::Input input) { ops_[op].input = std::move(input); }
  void answered(Id op, Answer answer);
  void refused(Id op) { ops_[op].refused = true; }
  void internal(const replication::Command& command);

  // Where operations took effect, as the inside knows it: for hints, and for what was refused and happened all the same.
  void read_at(Id op, raft::Index applied) { ops_[op].hint = (applied + 1) * kPlaces - 1; }
  void handed_to_leader(Id op, std::uint64_t node) { waiting_[node].push_back(op); }
  void proposed(std::uint64_t node, std::uint64_t token, const std::string& entry);
  void placed(std::uint64_t node, std::uint64_t token, const Result<raft::Proposal>& proposal);
  void crashed(std::uint64_t node);
  void committed(raft::Index index, raft::Term term, const std::string& entry);

  struct Verdict {
    std::optional<std::string> failure;  // not linearizable, and where; or undecided
    std::size_t operations = 0;
    std::size_t indeterminate = 0;
    std::size_t undecided = 0;
    std::size_t steps = 0;
  };
  Verdict judge();

 private:
  static constexpr std::uint64_t kPlaces = 100'000;  // in one log entry

  struct Op {
    std::string broker_name;
    std::optional<ReplicaSetModel::Input> input;
    std::optional<Answer> answer;
    std::uint64_t called = 0;
    std::uint64_t returned = kNever;
    std::uint64_t hint = kNever;
    bool refused = false;
  };

  std::vector<Op> ops_;
  std::uint64_t time_ = 0;  // grows with each call and each return
  using Place = std::pair<raft::Index, raft::Term>;
  struct Entry {
    std::string bytes;
    std::vector<Id> ops;
  };
  void took_effect(raft::Index index, const std::vector<Id>& ops);
  void take_hints();

  std::map<std::uint64_t, std::vector<Id>> waiting_;                  // by node: for an entry, in order
  std::map<std::uint64_t, std::map<std::uint64_t, Entry>> unplaced_;  // by node and token
  std::map<Place, std::vector<Id>> placed_;                           // where they will stand if they are committed
  std::multimap<std::string, std::vector<Id>> lost_;                  // their node crashed before it knew; by bytes
  std::map<Place, std::string> committed_;
};

std::string describe(const ReplicaSetModel::Input& input);
std::string describe(const Answer& answer);

}  // namespace gantry::sim
