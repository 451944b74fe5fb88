// What the page is told, as JSON: pure functions of copies. The contract, field by field, is web/src/controller/api.ts.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "controller/view.h"

namespace gantry::controller {

inline constexpr std::size_t kPageRowsMax = 500;  // in one answer

struct SetQuery {
  enum class Sort { name, state, epoch, changed };
  std::string search;             // in cluster, set and addresses, any case; empty: all
  std::optional<SetState> state;  // only these
  Sort sort = Sort::name;         // state: worst first; epoch, changed: highest, newest first
  std::size_t offset = 0;
  std::size_t limit = 100;
};
struct ElectionQuery {
  std::string search;  // in cluster and set
  std::size_t limit = 100;
};

using Parameters = std::map<std::string, std::string, std::less<>>;
// invalid_argument, with the parameter and what was expected.
Result<SetQuery> parse_set_query(const Parameters& parameters);
Result<ElectionQuery> parse_election_query(const Parameters& parameters);

// now_ms: wall clock, since 1970.
boost::json::object node_json(const NodeView& node, const std::vector<SetView>& sets, std::int64_t now_ms);
// {"total", "matching", "offset", "sets": [...]}
boost::json::object sets_json(const std::vector<SetView>& sets, const SetQuery& query);
Result<boost::json::object> set_json(const std::vector<SetView>& sets, std::string_view name);
// {"elections": [...]}: of all sets, newest first
boost::json::object elections_json(const std::vector<SetView>& sets, const ElectionQuery& query);

}  // namespace gantry::controller
