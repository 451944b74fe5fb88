// Linearizable reads: those that wait when a round is sent are answered by it, one message to each voter for all of
// them, and a read that comes later waits for a later round. Knows no clock and no thread.
//
// Rule: a round that is answered at index I has seen all that was committed when it was sent; the state may be read once
// the entries up to I are applied. A read that joined a round already sent could miss a write that ended before it.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "base/error.h"
#include "controller/liveness.h"
#include "controller/replicated_log.h"

namespace gantry::controller {

struct ReadLimits {
  std::size_t waiting_max = 200'000;  // reads without an answer; further ones: resource_exhausted
  std::size_t rounds_max = 16;        // on their way at once; then reads gather for the next
  std::int64_t timeout_ms = 2'000;    // of a read; a round that failed before is sent again; brokers wait for 3 s
};

class Reads {
 public:
  // The state may be read now; or why it may not (unavailable: nobody leads).
  using Ready = std::function<void(const Result<void>&)>;

  Reads(ReplicatedLog& log, ReadLimits limits) : log_(log), limits_(limits) {}

  // `ready` is called once, at the latest timeout_ms from now by expire().
  void submit(Ready ready, MonotonicMs now);
  bool gathered() const { return !gathered_.empty() && !held_; }
  void flush();  // sends a round for what has gathered

  void on_read(Token token, const Result<raft::Index>& index);
  void on_applied(raft::Index index);
  void expire(MonotonicMs now);  // also: rounds may be sent again after a failed one
  void fail_all(const Error& error);

  std::size_t waiting() const { return waiting_; }

 private:
  struct Read {
    Ready ready;
    MonotonicMs deadline = 0;
  };
  using Batch = std::vector<Read>;
  void tell(Batch& reads, const Result<void>& result);

  ReplicatedLog& log_;
  ReadLimits limits_;
  Batch gathered_;
  Token next_token_ = 1;
  std::map<Token, Batch> sent_;
  std::multimap<raft::Index, Batch> answered_;  // wait for the index to be applied
  raft::Index applied_ = 0;
  Error last_error_{Errc::unavailable, "no controller leads for sure; try again"};
  bool held_ = false;  // a round failed: none is sent before the next expire(), or refusals would go round in circles
  std::size_t waiting_ = 0;
};

}  // namespace gantry::controller
