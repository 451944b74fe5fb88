#include "kube/schema.h"

#include <algorithm>

#include "base/near_name.h"
#include "kube/scalar.h"

namespace gantry::kube {
namespace {

bool is_text(const Node& node) { return node.kind == Node::Kind::scalar && node.type == Node::Type::text; }

bool is_dns_label(std::string_view text) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 63 && alphanumeric(text.front()) && alphanumeric(text.back()) &&
         std::ranges::all_of(text, [&](char c) { return alphanumeric(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view text) {
  if (text.size() > 253) return false;
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// Readers that accept a string under a condition.
template <class Condition>
Reader<std::string> text_that(std::string what, Condition condition) {
  return [what = std::move(what), condition](Reading& reading, const Node& node, std::string& out) {
    if (!is_text(node)) {
      const bool quotes_help = node.kind == Node::Kind::scalar;
      return reading.expected(node, quotes_help ? what + " (in quotes)" : what);
    }
    if (!condition(node.text)) return reading.expected(node, what);
    out = node.text;
  };
}

}  // namespace

Reading::Scope::Scope(Reading& reading, std::string_view key) : reading_(reading), size_(reading.path_.size()) {
  // keys with dots or slashes (annotations) are shown so that the path stays readable
  if (key.find_first_of("./[] ") != std::string_view::npos) {
    reading.path_ += '[' + quoted(key) + ']';
    return;
  }
  if (!reading.path_.empty()) reading.path_ += '.';
  reading.path_ += shortened(key);
}

Reading::Scope::Scope(Reading& reading, std::size_t index) : reading_(reading), size_(reading.path_.size()) {
  reading.path_ += fmt::format("[{}]", index);
}

void Reading::problem(int line, std::string message) {
  if (problems_.size() >= problems_max_) return;
  problems_.push_back({file_, line, path_, std::move(message)});
}

void Reading::expected(const Node& node, std::string_view what) {
  const bool hide = secret_ && node.kind == Node::Kind::scalar;
  problem(node.line, fmt::format("expected {}, got {}", what, hide ? "another value" : describe(node)));
}

void Reading::ignore(std::string_view key) {
  Scope scope(*this, key);
  std::string path = kind_ + ' ';
  bool index = false;
  for (char c : path_) {  // containers[0] and containers[1] are the same field
    if (c == '[') path += c;
    index = c == '[' || (index && c != ']');
    if (!index) path += c;
  }
  if (ignored_.size() < 1000) ignored_.insert(std::move(path));
}

void Reading::ignore_entry(std::string_view words) {
  if (ignored_.size() < 1000) ignored_.insert(fmt::format("{} {}", kind_, words));
}

Reader<std::string> text() {
  return text_that("a string", [](std::string_view) { return true; });
}

Reader<std::string> word() {
  return text_that("a string that is not empty", [](std::string_view t) { return !t.empty(); });
}

Reader<std::string> dns_subdomain() {
  return text_that("a DNS name (lower-case letters, digits, '-' and '.', at most 253 characters)", is_dns_subdomain);
}

Reader<std::string> dns_label() {
  return text_that("a DNS label (lower-case letters, digits and '-', at most 63 characters)", is_dns_label);
}

Reader<std::string> one_of(std::vector<std::string_view> allowed) {
  std::string what = fmt::format("one of {}", fmt::join(allowed, ", "));
  if (allowed.size() == 1) what = std::string(allowed[0]);
  return text_that(std::move(what),
                   [allowed](std::string_view t) { return std::ranges::find(allowed, t) != allowed.end(); });
}

Reader<bool> boolean() {
  return [](Reading& reading, const Node& node, bool& out) {
    const bool is_boolean = node.kind == Node::Kind::scalar && node.type == Node::Type::boolean;
    if (!is_boolean) return reading.expected(node, "true or false");
    const char first = static_cast<char>(node.text[0] | 0x20);
    out = first == 't' || first == 'y' || (node.text.size() == 2 && first == 'o' && (node.text[1] | 0x20) == 'n');
  };
}

Reader<std::int32_t> integer(std::int32_t min, std::int32_t max) {
  std::string what =
      max == std::numeric_limits<std::int32_t>::max()
          ? (min == 1 ? std::string("a positive integer") : fmt::format("an integer of at least {}", min))
          : fmt::format("an integer from {} to {}", min, max);
  return [=](Reading& reading, const Node& node, std::int32_t& out) {
    if (node.kind != Node::Kind::scalar || node.type != Node::Type::integer) return reading.expected(node, what);
    auto value = parse_integer(node.text);
    if (!value || *value < min || *value > max) return reading.expected(node, what);
    out = static_cast<std::int32_t>(*value);
  };
}

Reader<std::int64_t> duration_ms() {
  return [](Reading& reading, const Node& node, std::int64_t& out) {
    constexpr std::string_view what = "a duration such as \"500ms\", \"2s\" or \"1m30s\"";
    if (!is_text(node)) return reading.expected(node, what);
    auto value = parse_duration_ms(node.text);
    if (!value) return reading.expected(node, what);
    out = *value;
  };
}

Reader<StringMap> string_map() {
  return [read = text()](Reading& reading, const Node& node, StringMap& out) {
    if (node.kind != Node::Kind::mapping) return reading.expected(node, "a mapping of strings");
    for (const Entry& entry : node.entries) {
      Reading::Scope scope(reading, entry.key);
      if (entry.value.kind == Node::Kind::null) {
        out[entry.key] = "";  // what Kubernetes makes of `key:` in a map of strings
      } else {
        read(reading, entry.value, out[entry.key]);
      }
    }
  };
}

std::string unknown_field_message(std::string_view name, const std::vector<std::string_view>& known) {
  std::string_view best = nearest_name(name, known);  // more than two slips is another word
  // or a word that begins alike: maxReplicas for maxReplicaCount
  std::size_t longest = name.size() * 2 / 3;
  for (std::string_view candidate : best.empty() ? known : std::vector<std::string_view>{}) {
    const auto [end, other] = std::ranges::mismatch(name, candidate);
    const auto common = static_cast<std::size_t>(end - name.begin());
    if (common > std::max<std::size_t>(longest, 4)) best = candidate, longest = common;
  }
  std::string message = fmt::format("expected a known field, got {}", quoted(name));
  if (!best.empty()) message += fmt::format(" (did you mean \"{}\"?)", best);
  return message;
}

int line_of(const Node& object, std::initializer_list<std::string_view> path) {
  const Node* node = &object;
  int line = object.line;
  for (std::string_view key : path) {
    const Entry* found = nullptr;
    for (const Entry& entry : node->entries) {
      if (entry.key == key) found = &entry;
    }
    if (found == nullptr) return line;
    line = found->line;
    node = &found->value;
  }
  return line;
}

}  // namespace gantry::kube
