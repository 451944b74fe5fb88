#include "controller/page_json.h"

#include <algorithm>
#include <ranges>

#include "base/parse_number.h"
#include "controller/set_json.h"
#include "replication/explanation.h"

namespace gantry::controller {

namespace json = boost::json;
using replication::ElectionRecord;

namespace {

constexpr std::size_t kSearchBytesMax = 256;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// `needle` in lower case.
bool contains(std::string_view text, std::string_view needle) {
  return std::ranges::search(text, needle, [](char a, char b) { return lower(a) == b; }).begin() != text.end();
}

std::string lower(std::string text) {
  for (char& c : text) c = lower(c);
  return text;
}

bool named(const SetView& view, std::string_view search) {
  return contains(view.set.broker_name, search) || contains(view.set.cluster_name, search);
}

bool matches(const SetView& view, const SetQuery& query) {
  if (query.state && state_of(view) != *query.state) return false;
  if (query.search.empty() || named(view, query.search)) return true;
  return std::ranges::any_of(view.set.members,
                             [&](const auto& member) { return contains(member.address, query.search); });
}

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

std::int64_t changed_at_ms(const SetView& view) {
  return view.set.elections.empty() ? 0 : view.set.elections.back().proposed_at_ms;
}

json::object election_json(const ElectionRecord& record) {
  return {{"at_ms", record.proposed_at_ms},
          {"epoch", record.master_epoch},
          {"old_master", or_null(record.old_master)},
          {"new_master", or_null(record.new_master)},
          {"reason", replication::to_string(record.reason)},
          {"unclean", record.unclean},
          {"line", replication::line_of(record)}};
}

json::object row_json(const SetView& view) {
  const auto& set = view.set;
  json::array replicas;
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    const auto& member = set.members[i];
    const bool heard = i < view.facts.size() && view.facts[i].epoch >= 0;
    replicas.push_back({{"id", member.broker_id},
                        {"address", member.address},
                        {"alive", i < view.facts.size() && view.facts[i].alive},
                        {"in_sync", set.in_sync(member.broker_id)},
                        {"epoch", heard ? json::value(view.facts[i].epoch) : json::value(nullptr)},
                        {"max_offset", heard && view.facts[i].max_offset >= 0 ? json::value(view.facts[i].max_offset)
                                                                              : json::value(nullptr)}});
  }
  json::object row = json_of(set);
  row["state"] = to_string(state_of(view));
  row["changed_at_ms"] = set.elections.empty() ? json::value(nullptr) : json::value(changed_at_ms(view));
  row["replicas"] = std::move(replicas);
  return row;
}

int badness(SetState state) {
  switch (state) {
    case SetState::no_master: return 0;
    case SetState::degraded: return 1;
    case SetState::new_set: return 2;
    case SetState::healthy: return 3;
  }
  return 4;
}

// `rows` are ascending by name, which decides among equals.
void sort_rows(std::vector<const SetView*>& rows, SetQuery::Sort sort) {
  switch (sort) {
    case SetQuery::Sort::name: return;
    case SetQuery::Sort::state:
      std::ranges::stable_sort(rows, {}, [](const SetView* view) { return badness(state_of(*view)); });
      return;
    case SetQuery::Sort::epoch:
      std::ranges::stable_sort(rows, std::ranges::greater{},
                               [](const SetView* view) { return view->set.master_epoch; });
      return;
    case SetQuery::Sort::changed:
      std::ranges::stable_sort(rows, std::ranges::greater{}, [](const SetView* view) { return changed_at_ms(*view); });
  }
}

Result<std::size_t> number(std::string_view name, const std::string& text, std::size_t max) {
  const auto value = parse_number<std::uint32_t>(text);
  if (!value || *value > max) return fail(Errc::invalid_argument, "{}: expected 0 to {}, got {}", name, max, text);
  return *value;
}

Result<std::string> search_text(const std::string& text) {
  if (text.size() > kSearchBytesMax) return fail(Errc::invalid_argument, "search: {} bytes are too many", text.size());
  return lower(text);
}

template <class T>
Result<T> word(std::string_view name, const std::string& text,
               std::initializer_list<std::pair<std::string_view, T>> words) {
  std::string known;
  for (const auto& [word, value] : words) {
    if (word == text) return value;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", word);
  }
  return fail(Errc::invalid_argument, "{}: expected one of {}, got {}", name, known, text);
}

template <class T>
Result<void> take(Result<T> value, auto& into) {
  if (!value) return std::unexpected(value.error());
  into = std::move(*value);
  return {};
}

}  // namespace

Result<SetQuery> parse_set_query(const Parameters& parameters) {
  SetQuery query;
  for (const auto& [name, text] : parameters) {
    Result<void> taken;
    if (name == "search") {
      taken = take(search_text(text), query.search);
    } else if (name == "state") {
      if (text.empty() || text == "all") continue;
      taken = take(word<SetState>(name, text,
                                  {{"healthy", SetState::healthy},
                                   {"degraded", SetState::degraded},
                                   {"no_master", SetState::no_master},
                                   {"new", SetState::new_set}}),
                   query.state);
    } else if (name == "sort") {
      using Sort = SetQuery::Sort;
      taken =
          take(word<Sort>(
                   name, text,
                   {{"name", Sort::name}, {"state", Sort::state}, {"epoch", Sort::epoch}, {"changed", Sort::changed}}),
               query.sort);
    } else if (name == "offset") {
      taken = take(number(name, text, 1'000'000), query.offset);
    } else if (name == "limit") {
      taken = take(number(name, text, kPageRowsMax), query.limit);
    } else {
      return fail(Errc::invalid_argument, "{}: expected search, state, sort, offset or limit", name);
    }
    if (!taken) return std::unexpected(taken.error());
  }
  return query;
}

Result<ElectionQuery> parse_election_query(const Parameters& parameters) {
  ElectionQuery query;
  for (const auto& [name, text] : parameters) {
    Result<void> taken;
    if (name == "search") {
      taken = take(search_text(text), query.search);
    } else if (name == "limit") {
      taken = take(number(name, text, kPageRowsMax), query.limit);
    } else {
      return fail(Errc::invalid_argument, "{}: expected search or limit", name);
    }
    if (!taken) return std::unexpected(taken.error());
  }
  return query;
}

json::object node_json(const NodeView& node, const std::vector<SetView>& sets, std::int64_t now_ms) {
  json::array members;
  for (const MemberView& member : node.members) {
    members.push_back({{"id", member.id},
                       {"name", member.name},
                       {"address", member.address},
                       {"voter", member.voter},
                       {"alive", member.alive ? json::value(*member.alive) : json::value(nullptr)},
                       {"lag", member.lag ? json::value(*member.lag) : json::value(nullptr)}});
  }
  std::uint64_t by_state[4] = {};
  for (const SetView& view : sets) ++by_state[static_cast<std::size_t>(state_of(view))];
  const auto count = [&](SetState state) { return by_state[static_cast<std::size_t>(state)]; };
  const Readiness readiness = readiness_of(node);
  return {{"now_ms", now_ms},
          {"name", node.name},
          {"address", node.address},
          {"group", node.group},
          {"ready", readiness.ready},
          {"why", readiness.why},
          {"role", node.member ? json::value(raft::to_string(node.role)) : json::value(nullptr)},
          {"term", node.member ? json::value(node.term) : json::value(nullptr)},
          {"leader", or_null(node.leader)},
          {"leader_address", or_null(node.leader_address)},
          {"commit_index", node.member ? json::value(node.commit) : json::value(nullptr)},
          {"applied_index", node.member ? json::value(node.applied) : json::value(nullptr)},
          {"brokers_alive", node.brokers_alive},
          {"members", std::move(members)},
          {"sets",
           {{"total", sets.size()},
            {"healthy", count(SetState::healthy)},
            {"degraded", count(SetState::degraded)},
            {"no_master", count(SetState::no_master)},
            {"new", count(SetState::new_set)}}}};
}

json::object sets_json(const std::vector<SetView>& sets, const SetQuery& query) {
  std::vector<const SetView*> rows;
  for (const SetView& view : sets) {
    if (matches(view, query)) rows.push_back(&view);
  }
  sort_rows(rows, query.sort);
  json::array shown;
  for (const SetView* view : rows | std::views::drop(query.offset) | std::views::take(query.limit))
    shown.push_back(row_json(*view));
  return {{"total", sets.size()}, {"matching", rows.size()}, {"offset", query.offset}, {"sets", std::move(shown)}};
}

Result<json::object> set_json(const std::vector<SetView>& sets, std::string_view name) {
  const auto found = std::ranges::lower_bound(
      sets, name, {}, [](const SetView& view) -> std::string_view { return view.set.broker_name; });
  if (found == sets.end() || found->set.broker_name != name)
    return fail(Errc::not_found, "set {} is not known to this controller", name);
  json::object object = row_json(*found);
  json::array elections;
  for (const ElectionRecord& record : found->set.elections | std::views::reverse)
    elections.push_back(election_json(record));
  object["elections"] = std::move(elections);
  json::array candidates;
  for (const auto& candidate : found->set.candidates) {
    candidates.push_back({{"id", candidate.facts.broker_id},
                          {"verdict", replication::to_string(candidate.verdict)},
                          {"line", replication::line_of(candidate)}});
  }
  object["candidates"] = std::move(candidates);
  return object;
}

json::object elections_json(const std::vector<SetView>& sets, const ElectionQuery& query) {
  struct Row {
    const SetView* view;
    const ElectionRecord* record;
  };
  std::vector<Row> rows;
  for (const SetView& view : sets) {
    if (!query.search.empty() && !named(view, query.search)) continue;
    for (const ElectionRecord& record : view.set.elections) rows.push_back({&view, &record});
  }
  const auto newest = [](const Row& row) { return std::pair(row.record->proposed_at_ms, row.record->master_epoch); };
  const std::size_t shown = std::min(query.limit, rows.size());
  std::ranges::partial_sort(rows, rows.begin() + static_cast<std::ptrdiff_t>(shown), std::ranges::greater{}, newest);
  json::array elections;
  for (const Row& row : rows | std::views::take(shown)) {
    json::object election = election_json(*row.record);
    election["cluster"] = row.view->set.cluster_name;
    election["set"] = row.view->set.broker_name;
    elections.push_back(std::move(election));
  }
  return {{"elections", std::move(elections)}};
}

}  // namespace gantry::controller
