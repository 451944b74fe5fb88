#include "kube/selector.h"

#include <algorithm>

#include "kube/scalar.h"

namespace gantry::kube {
namespace {

using Operator = LabelRequirement::Operator;

const Schema<LabelRequirement>& requirement_schema() {
  static const Schema<LabelRequirement> schema =
      Schema<LabelRequirement>()
          .required("key", &LabelRequirement::key, word())
          .required("operator", &LabelRequirement::op,
                    choice<Operator>({{"In", Operator::in},
                                      {"NotIn", Operator::not_in},
                                      {"Exists", Operator::exists},
                                      {"DoesNotExist", Operator::does_not_exist}}))
          .optional("values", &LabelRequirement::values, list_of(text()))
          .rule([](Reading& reading, const Node& node, LabelRequirement& out) {
            const bool wants_values = out.op == Operator::in || out.op == Operator::not_in;
            if (wants_values == !out.values.empty()) return;
            Reading::Scope scope(reading, "values");
            reading.problem(line_of(node, {"values"}), wants_values
                                                           ? "expected at least one value for In and NotIn, got none"
                                                           : "expected no values for Exists and DoesNotExist");
          });
  return schema;
}

struct Parts {
  StringMap labels;
  std::vector<LabelRequirement> expressions;
};

const Schema<Parts>& selector_schema() {
  static const Schema<Parts> schema =
      Schema<Parts>()
          .optional("matchLabels", &Parts::labels, string_map())
          .optional("matchExpressions", &Parts::expressions, list_of(requirement_schema().reader()));
  return schema;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool is_label_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '/';
  });
}

// "key in (a, b)" and "key notin (a, b)"
Result<LabelRequirement> parse_set(std::string_view text, std::size_t open) {
  const auto bad = [&] { return fail(Errc::invalid_argument, "expected \"key in (a,b)\", got {}", quoted(text)); };
  std::string_view head = trimmed(text.substr(0, open));
  if (text.back() != ')') return bad();
  std::string_view list = text.substr(open + 1, text.size() - open - 2);
  const std::size_t space = head.rfind(' ');
  if (space == std::string_view::npos) return bad();
  LabelRequirement out;
  const std::string_view op = head.substr(space + 1);
  if (op != "in" && op != "notin") return bad();
  out.op = op == "in" ? Operator::in : Operator::not_in;
  out.key = trimmed(head.substr(0, space));
  while (true) {
    const std::size_t comma = list.find(',');
    out.values.emplace_back(trimmed(list.substr(0, comma)));
    if (!is_label_text(out.values.back())) return bad();
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return out;
}

Result<LabelRequirement> parse_requirement(std::string_view text) {
  LabelRequirement out;
  if (const std::size_t open = text.find('('); open != std::string_view::npos) {
    auto set = parse_set(text, open);
    if (!set) return set;
    out = std::move(*set);
  } else if (text.starts_with('!')) {
    out.op = Operator::does_not_exist;
    out.key = trimmed(text.substr(1));
  } else if (const std::size_t equals = text.find('='); equals != std::string_view::npos) {
    const bool negated = equals > 0 && text[equals - 1] == '!';
    out.op = negated ? Operator::not_in : Operator::in;
    out.key = trimmed(text.substr(0, negated ? equals - 1 : equals));
    std::string_view value = text.substr(equals + 1);
    if (!negated && value.starts_with('=')) value.remove_prefix(1);
    out.values.emplace_back(trimmed(value));
    if (!is_label_text(out.values.back()))
      return fail(Errc::invalid_argument, "expected a label value, got {}", quoted(value));
  } else {
    out.op = Operator::exists;
    out.key = text;
  }
  if (out.key.empty() || !is_label_text(out.key)) {
    return fail(Errc::invalid_argument, "expected a label requirement such as key=value, got {}", quoted(text));
  }
  return out;
}

bool holds(const LabelRequirement& requirement, const StringMap& labels) {
  auto label = labels.find(requirement.key);
  const bool present = label != labels.end();
  const bool listed = present && std::ranges::find(requirement.values, label->second) != requirement.values.end();
  switch (requirement.op) {
    case Operator::in: return listed;
    case Operator::not_in: return !listed;
    case Operator::exists: return present;
    case Operator::does_not_exist: return !present;
  }
  return false;
}

}  // namespace

bool LabelSelector::matches(const StringMap& labels) const {
  return std::ranges::all_of(requirements, [&](const LabelRequirement& r) { return holds(r, labels); });
}

Reader<LabelSelector> label_selector_reader() {
  return [](Reading& reading, const Node& node, LabelSelector& out) {
    Parts parts;
    selector_schema().read(reading, node, parts);
    for (auto& [key, value] : parts.labels) out.requirements.push_back({key, Operator::in, {value}});
    for (LabelRequirement& expression : parts.expressions) out.requirements.push_back(std::move(expression));
  };
}

Result<LabelSelector> parse_label_selector(std::string_view text) {
  LabelSelector out;
  text = trimmed(text);
  while (!text.empty()) {
    std::size_t end = 0, open = 0;
    while (end < text.size() && (text[end] != ',' || open > 0)) {
      open += text[end] == '(' ? 1 : 0;
      open -= text[end] == ')' && open > 0 ? 1 : 0;
      ++end;
    }
    const std::string_view part = trimmed(text.substr(0, end));
    auto requirement = parse_requirement(part);
    if (!requirement) return std::unexpected(requirement.error());
    out.requirements.push_back(std::move(*requirement));
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
    if (trimmed(text).empty()) return fail(Errc::invalid_argument, "expected a requirement after the last comma");
  }
  return out;
}

}  // namespace gantry::kube
