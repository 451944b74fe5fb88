// Scaling as a whole: one function, step(), that turns a spec, a state, an observation and a time into a replica count,
// a new state and the reasons. It does KEDA's poll and the HPA's sync when they are due. The same code serves the
// running autoscaler, `gantry explain` and simulation: no clock, no randomness, equal input gives equal output.
//
//   Autoscaler scaler(spec, now_ms);
//   for (;;) {
//     wait until scaler.next_due_ms();
//     const Decision& decision = scaler.step(read_everything(), now_ms);
//     if (decision.desired_replicas != current) ask the workload for decision.desired_replicas;
//   }
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "scaling/explanation.h"
#include "scaling/metrics.h"
#include "scaling/reading.h"
#include "scaling/spec.h"
#include "scaling/state.h"

namespace gantry::scaling {

struct Decision {
  int32_t current_replicas = 0;  // as observed
  int32_t desired_replicas = 0;  // current_replicas when nothing is to change
  State state;
  bool polled = false;                  // KEDA's poll was due and done
  bool synced = false;                  // the HPA's sync was due and done
  bool paused = false;                  // wholly, by annotation
  std::optional<bool> active;           // as of this poll; absent when there was none or triggers could not tell
  std::vector<ResolvedMetric> metrics;  // reading, fallback, failures, proposal; empty when no reading was needed
  Explanation readings;                 // why, in three parts: what was seen,
  Explanation poll;                     // what KEDA made of it (or that it is paused),
  Explanation sync;                     // and the HPA

  bool operator==(const Decision&) const = default;

  // The parts in order, and the outcome.
  Explanation explanation() const;
};

// The first poll is due at once, the first sync a period later, as KEDA and the HPA controller do.
State initial_state(const ScaledObjectSpec& spec, int64_t created_at_ms);

// When step() next has something to do.
int64_t next_due_ms(const State& state);

// Does what is due at now_ms. One observation counts as one reading, even when poll and sync fall together. The new
// state assumes that the target is asked for desired_replicas; the next observation tells what became of it. Never
// outside maxReplicaCount, nor below minReplicaCount (idleReplicaCount; 0) unless it was there and is held.
Decision step(const ScaledObjectSpec& spec, const State& state, const Observation& observation, int64_t now_ms);

// A scaled object with its state, for those who step it along. Not thread-safe.
class Autoscaler {
 public:
  // spec must have passed validate().
  Autoscaler(ScaledObjectSpec spec, int64_t created_at_ms);

  // The returned decision is valid until the next call. It explains this step only; explain() has the whole.
  const Decision& step(const Observation& observation, int64_t now_ms);

  // Takes another spec and polls at once, as KEDA does when a ScaledObject changes. What was learnt is kept.
  void update(ScaledObjectSpec spec, int64_t now_ms);

  // Makes the next step poll, for a scaler that pushes its activity (external-push).
  void poll_at_once(int64_t now_ms) { state_.next_poll_ms = now_ms; }

  int64_t next_due_ms() const { return scaling::next_due_ms(state_); }

  // Why the count is what it is: the newest readings, what the last poll and the last sync made of theirs, and, while
  // there are replicas for it to look at, when the HPA does so again.
  Explanation explain(int64_t now_ms) const;

  const ScaledObjectSpec& spec() const { return spec_; }
  const State& state() const { return state_; }
  const Decision& last() const { return last_; }
  const std::vector<ResolvedMetric>& metrics() const { return metrics_; }  // the newest readings

 private:
  ScaledObjectSpec spec_;
  State state_;
  Decision last_;
  std::vector<ResolvedMetric> metrics_;
  Explanation readings_;  // the newest of each part
  Explanation poll_;
  Explanation sync_;
};

}  // namespace gantry::scaling
