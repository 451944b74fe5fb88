#include "scaler/listing.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "triggers/trigger_value.h"

namespace gantry::scaler {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool contains(std::string_view text, std::string_view lower_part) {
  return !std::ranges::search(text, lower_part, {}, lower).empty() || lower_part.empty();
}

bool matches(const TriggerRecord& record, std::string_view lower_text) {
  if (contains(record.name, lower_text) || contains(record.id, lower_text)) return true;
  return contains(fmt::format("{}/{}", record.namespace_, record.name), lower_text);
}

Result<std::size_t> number(std::string_view name, std::string_view text, std::size_t most) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most)
    return fail(Errc::invalid_argument, "{}: expected a number up to {}, got \"{}\"", name, most, text);
  return value;
}

template <class T, std::size_t N>
Result<T> word(std::string_view name, std::string_view text, const std::pair<std::string_view, T> (&words)[N]) {
  std::string allowed;
  for (const auto& [each, value] : words) {
    if (each == text) return value;
    allowed += (allowed.empty() ? "" : ", ") + std::string(each);
  }
  return fail(Errc::invalid_argument, "{}: expected one of {}, got \"{}\"", name, allowed, text);
}

constexpr std::pair<std::string_view, TriggerState> kStateWords[] = {{"error", TriggerState::error},
                                                                     {"active", TriggerState::active},
                                                                     {"idle", TriggerState::idle},
                                                                     {"not_asked", TriggerState::not_asked}};
constexpr std::pair<std::string_view, ListOrder> kOrderWords[] = {
    {"state", ListOrder::state}, {"name", ListOrder::name}, {"lag", ListOrder::lag}, {"asked", ListOrder::asked}};
constexpr std::pair<std::string_view, bool> kDirectionWords[] = {{"asc", false}, {"desc", true}};

// Unknown before the largest: it may be anything, and somebody has to look.
double rank_of(const TriggerRecord& record) {
  return record.value_of(triggers::kLagMetric).value_or(std::numeric_limits<double>::infinity());
}

struct Row {
  const TriggerRecord* record;
  TriggerState state;
};

// Where it says nothing, the order of the map stands: namespace, name, trigger.
bool before(const Row& a, const Row& b, ListOrder order) {
  switch (order) {
    case ListOrder::state: return a.state < b.state;
    case ListOrder::lag: return rank_of(*a.record) > rank_of(*b.record);
    case ListOrder::asked: return a.record->asked_at_ms > b.record->asked_at_ms;
    case ListOrder::name: break;
  }
  return false;
}

void find_problems(const std::map<std::string_view, Problem>& by_error, Listing& listing) {
  for (const auto& [error, problem] : by_error) listing.problems.push_back(problem);
  std::ranges::stable_sort(listing.problems, std::greater(), &Problem::triggers);
  if (listing.problems.size() <= Listing::kProblemsMax) return;
  listing.problems_left_out = listing.problems.size() - Listing::kProblemsMax;
  listing.problems.resize(Listing::kProblemsMax);
}

}  // namespace

std::string_view to_string(TriggerState state) {
  for (const auto& [word, value] : kStateWords) {
    if (value == state) return word;
  }
  return {};
}

Result<ListQuery> parse_list_query(const std::map<std::string, std::string, std::less<>>& query) {
  ListQuery parsed;
  Result<void> ok;
  const auto take = [&](std::string_view name, auto&& parse, auto& to) {
    const auto found = query.find(name);
    if (!ok || found == query.end() || found->second.empty()) return;
    auto value = parse(name, found->second);
    if (value) {
      to = *value;
    } else {
      ok = std::unexpected(value.error());
    }
  };
  constexpr std::size_t kTextMax = 255;
  if (const auto found = query.find("q"); found != query.end()) {
    parsed.text = found->second.substr(0, kTextMax);
    std::ranges::transform(parsed.text, parsed.text.begin(), lower);
  }
  take("state", [](auto name, auto& text) { return word(name, text, kStateWords); }, parsed.state);
  take("sort", [](auto name, auto& text) { return word(name, text, kOrderWords); }, parsed.order);
  take("order", [](auto name, auto& text) { return word(name, text, kDirectionWords); }, parsed.reverse);
  take("offset", [](auto name, auto& text) { return number(name, text, ScaledObjects::kTriggersMax); }, parsed.offset);
  take("limit", [](auto name, auto& text) { return number(name, text, ListQuery::kLimitMax); }, parsed.limit);
  if (!ok) return std::unexpected(ok.error());
  return parsed;
}

Listing list(const ScaledObjects& objects, const ListQuery& query, std::int64_t now_ms) {
  Listing listing;
  std::vector<Row> rows;
  std::map<std::string_view, Problem> by_error;
  for (const auto& [key, record] : objects.records()) {
    const TriggerState state = state_of(record, now_ms);
    ++listing.counts[static_cast<std::size_t>(state)];
    if (state == TriggerState::error) {
      Problem& problem = by_error[record.last_error];
      if (problem.triggers++ == 0) problem = {record.last_error, 1, &record};
    }
    if (query.state && state != *query.state) continue;
    if (!query.text.empty() && !matches(record, query.text)) continue;
    rows.push_back({&record, state});
  }
  find_problems(by_error, listing);
  listing.matched = rows.size();
  std::ranges::stable_sort(rows, [&](const Row& a, const Row& b) { return before(a, b, query.order); });
  if (query.reverse) std::ranges::reverse(rows);
  for (std::size_t i = query.offset; i < rows.size() && listing.shown.size() < query.limit; ++i)
    listing.shown.push_back(rows[i].record);
  return listing;
}

}  // namespace gantry::scaler
