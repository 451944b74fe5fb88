// Which triggers the page shows: searched, filtered, sorted, and only so many at once, so that a page over thousands of
// ScaledObjects costs the scaler and the browser little. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "scaler/scaled_objects.h"

namespace gantry::scaler {

inline constexpr std::array kTriggerStates{TriggerState::error, TriggerState::active, TriggerState::idle,
                                           TriggerState::not_asked};
std::string_view to_string(TriggerState state);  // "error", "active", "idle", "not_asked"

enum class ListOrder { state, name, lag, asked };

struct ListQuery {
  static constexpr std::size_t kLimitMax = 500;

  std::string text;  // in namespace/name, topics or group, in any case; empty: all
  std::optional<TriggerState> state;
  ListOrder order =
      ListOrder::state;  // state: errors first; lag: the largest first, unknown before; asked: the latest first
  bool reverse = false;
  std::size_t offset = 0;
  std::size_t limit = 100;
};

// Of a URL: q, state, sort, order (asc or desc), offset, limit. Errors: invalid_argument, with what is allowed.
Result<ListQuery> parse_list_query(const std::map<std::string, std::string, std::less<>>& query);

// Triggers that fail for the same reason.
struct Problem {
  std::string error;
  std::size_t triggers = 0;
  const TriggerRecord* first = nullptr;
};

struct Listing {
  static constexpr std::size_t kProblemsMax = 4;

  std::array<std::size_t, kTriggerStates.size()> counts{};  // of all triggers, by state
  std::vector<Problem> problems;                            // of all, the most frequent first
  std::size_t problems_left_out = 0;
  std::size_t matched = 0;                  // triggers that text and state choose
  std::vector<const TriggerRecord*> shown;  // of these, from offset, up to limit
};

Listing list(const ScaledObjects& objects, const ListQuery& query, std::int64_t now_ms);

}  // namespace gantry::scaler
