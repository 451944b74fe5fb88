// Elections in words: the log's line, `gantry controller explain` and the page say the same.
#pragma once

#include <string>
#include <vector>

#include "replication/election.h"
#include "replication/replica_set.h"

namespace gantry::replication {

// "master 2 (epoch 7) instead of 1: the heartbeats of the master stopped". One line, no full stop.
std::string line_of(const ElectionRecord& record);
// "2: elected (in sync, epoch 6, offset 4,096, priority 2147483647)". One line.
std::string line_of(const Candidate& candidate);
// Why this master: the newest election with its candidates, then the elections before it, newest first. One line each;
// the caller adds times. A set without any: one line that says so.
std::vector<std::string> explain(const ReplicaSet& set);

}  // namespace gantry::replication
