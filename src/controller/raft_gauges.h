// What the Raft thread says of itself, to be read from any thread without asking it: it may be waiting for its disk, and
// that is when one wants to know.
#pragma once

#include <chrono>
#include <cstdint>

#include "controller/relaxed_counter.h"
#include "prometheus/histogram.h"
#include "raft/group.h"

namespace gantry::controller {

struct RaftGauges {
  RelaxedCounter term, commit, last, snapshot;
  RelaxedCounter turned_at_ms;  // steady clock: when the thread was last seen at work; 0: never
  prometheus::LatencyHistogram<RelaxedCounter> sync_latency;  // of a write of the log, synced
  RelaxedCounter synced_entries, synced_bytes;
  RelaxedCounter snapshots;  // taken or received in this life

  void note(const raft::GroupStatus& status) {
    term.set(status.term);
    commit.set(status.commit);
    last.set(status.last);
    snapshot.set(status.snapshot);
    turned_at_ms.set(now_ms());
  }
  // Since the thread was last seen at work; it is each 10 ms.
  std::int64_t silent_ms() const { return static_cast<std::int64_t>(now_ms() - turned_at_ms); }

 private:
  static std::uint64_t now_ms() {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count());
  }
};

}  // namespace gantry::controller
