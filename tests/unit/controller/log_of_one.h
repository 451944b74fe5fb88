// A log without a group around it, for tests of what stands on it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "controller/replica.h"

namespace gantry::controller {

// A group of one, which leads in term 1.
class LogOfOne final : public ReplicatedLog {
 public:
  void propose(Token token, std::string entry) override { proposed_.emplace_back(token, std::move(entry)); }
  void read(Token) override {}
  void applied(raft::Index) override {}
  void snapshot(raft::Index, std::string) override {}

  void lead(Replica& replica, raft::Term term = 1) {
    term_ = term;
    replica.on_leadership({raft::Role::leader, term, 1});
    replica.on_committed({{next_++, term, {}}});
  }
  // Entries of others, up to here.
  void commit_up_to(Replica& replica, raft::Index index) {
    while (next_ <= index) replica.on_committed({{next_++, term_, {}}});
  }
  raft::Index next() const { return next_; }
  void commit(Replica& replica) {
    for (auto& [token, entry] : std::exchange(proposed_, {})) {
      replica.on_proposed(token, raft::Proposal{next_, term_});
      replica.on_committed({{next_++, term_, std::move(entry)}});
    }
  }

 private:
  std::vector<std::pair<Token, std::string>> proposed_;
  raft::Index next_ = 1;
  raft::Term term_ = 1;
};

}  // namespace gantry::controller
