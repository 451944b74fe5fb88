// The election rule, as a function of its own: it is asked by State when a command is applied, and by whoever wants to
// know what an election would do now. Rule: DefaultElectPolicy of the Java controller, in 64 bits and with ties broken.
//
// 1. Candidates are the live members of the sync-state set. The current master stays if it is one of them and nobody
//    else is designated.
// 2. A designated member is elected if it is a candidate, otherwise nobody is.
// 3. Else the candidate with the newest data: the higher epoch, then the higher offset; then the lower
//    brokerElectionPriority, then the previous master, then the lowest id.
// 4. Without a candidate, and only where unclean election is allowed, the same among all live members.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "replication/facts.h"
#include "replication/replica_set.h"

namespace gantry::replication {

struct ElectionQuestion {
  std::span<const BrokerFacts> facts;
  std::optional<std::int64_t> designated;
  bool unclean_allowed = false;
};

struct ElectionResult {
  std::optional<std::int64_t> master;  // none: nobody can be elected
  bool kept = false;                   // the current master stays: nothing has to change
  bool unclean = false;                // out of the sync-state set
  std::vector<Candidate> candidates;   // every member, ascending by id, with the reason
};

ElectionResult elect(const ReplicaSet& set, const ElectionQuestion& question);

}  // namespace gantry::replication
