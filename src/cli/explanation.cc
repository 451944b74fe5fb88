#include "cli/explanation.h"

#include <fmt/format.h>

#include "cli/output.h"

namespace gantry::cli {
namespace {

namespace json = boost::json;

std::string member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? std::string("-") : to_cell(*value);
}

const json::array* list(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr ? value->if_array() : nullptr;
}

}  // namespace

Result<json::array> scaled_objects(const json::object& state, const std::string& name) {
  const json::array* all = list(state, "scaled_objects");
  if (all == nullptr)
    return fail(Errc::corrupt, "the state has no scaled_objects: is it a gantry up of another version?");
  json::array both = *all;
  if (const json::array* jobs = list(state, "scaled_jobs")) both.insert(both.end(), jobs->begin(), jobs->end());
  json::array chosen;
  std::string known;
  for (const json::value& item : both) {
    const json::object* object = item.if_object();
    if (object == nullptr) continue;
    const std::string own = member(*object, "name");
    known += (known.empty() ? "" : ", ") + own;
    if (name.empty() || name == own) chosen.push_back(item);
  }
  if (!name.empty() && chosen.empty()) {
    return fail(Errc::not_found, "there is no scaled object {}: there is {}", name, known.empty() ? "none" : known);
  }
  return chosen;
}

std::string explanation_text(const json::array& objects) {
  if (objects.empty()) return "no scaled objects\n";
  std::string out;
  for (const json::value& item : objects) {
    const json::object& object = item.as_object();
    if (!out.empty()) out += "\n";
    const std::string desired = member(object, "desired");
    if (object.contains("strategy")) {
      out += fmt::format("{} (jobs, strategy {}): {} running, {} pending, {} succeeded, {} failed, {}..{} allowed\n",
                         member(object, "name"), member(object, "strategy"), member(object, "running"),
                         member(object, "pending"), member(object, "succeeded"), member(object, "failed"),
                         member(object, "min"), member(object, "max"));
    } else {
      out += fmt::format("{} ({}): {} of {} {} wanted, {}..{} allowed\n", member(object, "name"),
                         member(object, "target"), member(object, "current"), desired,
                         desired == "1" ? "replica" : "replicas", member(object, "min"), member(object, "max"));
    }
    std::vector<std::vector<std::string>> rows;
    if (const json::array* lines = list(object, "explanation")) {
      for (const json::value& line : *lines) {
        if (const json::object* entry = line.if_object()) {
          rows.push_back({"  " + member(*entry, "key"), member(*entry, "text")});
        }
      }
    }
    out += rows.empty() ? std::string("  nothing was decided yet\n") : to_table(rows);
    const std::string error = member(object, "last_error");
    if (!error.empty() && error != "-") out += "  last error: " + error + "\n";
    const std::string failure = member(object, "last_failure");
    if (!failure.empty() && failure != "-") out += "  last failure: " + failure + "\n";
  }
  return out;
}

}  // namespace gantry::cli
