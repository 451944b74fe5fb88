// What clients may see of one replica set, as a model for linearizability.h: the production state machine itself, holding
// that one set. Commands carry their facts, so what a client got follows from the commands before it.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "replication/command.h"
#include "replication/outcome.h"
#include "replication/snapshot.h"
#include "replication/state.h"

namespace gantry::sim {

struct Read {
  enum class Kind { replica_info, next_broker_id, whole_set };  // 1004, 1012, 1006
  Kind kind = Kind::replica_info;
  std::string broker_name;

  bool operator==(const Read&) const = default;
};

using WholeSet = std::optional<replication::ReplicaSet>;
using Answer = std::variant<replication::Applied, replication::Outcome, WholeSet>;

inline Answer answer_from(const replication::State& state, const Read& read) {
  switch (read.kind) {
    case Read::Kind::replica_info: return state.replica_info(read.broker_name);
    case Read::Kind::next_broker_id: return state.next_broker_id({}, read.broker_name);
    case Read::Kind::whole_set: break;
  }
  const auto* set = state.find(read.broker_name);
  return set ? WholeSet(*set) : WholeSet();
}

struct ReplicaSetModel {
  using State = replication::State;
  using Input = std::variant<Read, replication::Command>;
  using Output = Answer;

  static bool step(State& state, const Input& input, const Output* output) {
    if (const auto* read = std::get_if<Read>(&input)) {
      return output == nullptr || answer_from(state, *read) == *output;
    }
    const auto applied = state.apply(std::get<replication::Command>(input));
    return output == nullptr || Answer(applied) == *output;
  }
  static std::string key(const State& state) { return replication::encode_snapshot(state); }
};

}  // namespace gantry::sim
