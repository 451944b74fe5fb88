// What is going on, in one sentence: on the terminal, at the top of the page, in the log of a headless run. It counts
// what waits, whoever sent it; it speaks of the burst only where it is the burst. Values in, text out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "lag/reading.h"

namespace gantry::up {

struct BurstSituation {
  std::int64_t total = 0;
  std::int64_t sent = 0;  // acknowledged
  bool begun = false;
  bool over = false;   // it was all consumed, and then others came
  std::string error;   // why it cannot be sent now
  std::string doubts;  // what is not accounted for, known at the end
  bool complete() const { return sent >= total; }
};

struct Situation {
  std::string lag_unknown;        // why; empty: lag is known
  std::string failing_workers;    // what is wrong with them; empty: nothing
  std::string missing_consumers;  // see below
  std::int64_t lag = 0;           // messages, of all groups
  std::int64_t retry = 0;         // messages that failed, and wait for another try or are in it
  std::size_t groups = 1;
  std::int32_t replicas = 0;
  std::int32_t replicas_at_rest = 0;
  std::optional<BurstSituation> burst;
};

std::string phase_text(const Situation& situation);

// A group's messages and its would-be consumers at one moment.
struct GroupAtWork {
  std::optional<std::int64_t> lag;
  std::optional<std::int64_t> consumers;  // clients that are connected as members of the group
  bool pop = false;                       // consumed by POP: through a proxy its consumers are no members
  std::int32_t running = 0;               // replicas
  double longest_run_s = 0;               // of these
  double standstill_s = 0;                // for how long the group's offsets have not moved
};

// A start takes time, and a member may be away for a moment.
constexpr double kJoinGraceS = 10;

// "4 replicas run, but none is a consumer of group billers" when that is so and no start excuses it; else empty.
std::string missing_consumers_text(const std::string& group, const GroupAtWork& at_work);

}  // namespace gantry::up
