// What scaling remembers from one step to the next, as one value: it can be copied, compared, stored and replayed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gantry::scaling {

// A replica count that the metrics asked for, before stabilisation.
struct Recommendation {
  int64_t at_ms = 0;
  int32_t replicas = 0;

  bool operator==(const Recommendation&) const = default;
};

// A change that the HPA made: +2 is two replicas more. What KEDA changes (to and from zero) is not counted here.
struct ScaleEvent {
  int64_t at_ms = 0;
  int32_t change = 0;

  bool operator==(const ScaleEvent&) const = default;
};

// Times are milliseconds of whatever clock the caller uses throughout.
struct State {
  int64_t created_at_ms = 0;
  int64_t next_poll_ms = 0;                          // when KEDA's scale loop is due
  int64_t next_sync_ms = 0;                          // when the HPA is due
  std::optional<int64_t> last_active_ms;             // absent: never seen active
  std::map<std::string, int32_t> failures_in_a_row;  // by metric_key()
  std::vector<Recommendation> recommendations;       // oldest first
  std::vector<ScaleEvent> scale_events;              // oldest first

  bool operator==(const State&) const = default;
};

}  // namespace gantry::scaling
