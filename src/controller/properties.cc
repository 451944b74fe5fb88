#include "controller/properties.h"

#include <algorithm>

namespace gantry::controller {

namespace {

constexpr std::string_view kBlank = " \t\f";

// One logical line: a backslash before the end of a line joins the next one, without its leading blanks.
std::string logical_line(std::string_view& text) {
  std::string line;
  while (!text.empty()) {
    const auto end = text.find_first_of("\r\n");
    std::string_view part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    part.remove_prefix(std::min(part.find_first_not_of(kBlank), part.size()));
    if (line.empty() && (part.starts_with('#') || part.starts_with('!'))) return {};
    const auto slashes = part.size() - (part.find_last_not_of('\\') + 1);
    if (slashes % 2 == 0) return line + std::string(part);
    line += part.substr(0, part.size() - 1);
    if (text.starts_with('\n')) text.remove_prefix(1);  // of \r\n
  }
  return line;
}

char unescaped(char c) {
  switch (c) {
    case 't': return '\t';
    case 'n': return '\n';
    case 'r': return '\r';
    case 'f': return '\f';
    default: return c;
  }
}

}  // namespace

NumberedProperties parse_numbered_properties(std::string_view text) {
  NumberedProperties all;
  std::size_t number = 0;  // of the line that begins here
  for (std::string_view before = text; !text.empty();) {
    number += static_cast<std::size_t>(std::ranges::count(before.substr(0, before.size() - text.size()), '\n'));
    before = text;
    const std::string line = logical_line(text);
    std::string name, value;
    std::size_t i = 0;
    for (; i < line.size(); ++i) {
      const char c = line[i];
      if (c == '=' || c == ':' || kBlank.find(c) != std::string_view::npos) break;
      name += c == '\\' && i + 1 < line.size() ? unescaped(line[++i]) : c;
    }
    bool separated = false;
    for (; i < line.size(); ++i) {
      const bool separator = line[i] == '=' || line[i] == ':';
      if (kBlank.find(line[i]) == std::string_view::npos && (!separator || separated)) break;
      separated |= separator;
    }
    for (; i < line.size(); ++i) value += line[i] == '\\' && i + 1 < line.size() ? unescaped(line[++i]) : line[i];
    if (!name.empty()) all.insert_or_assign(std::move(name), NumberedProperty{std::move(value), number + 1});
  }
  return all;
}

Properties parse_properties(std::string_view text) {
  Properties all;
  for (auto& [name, property] : parse_numbered_properties(text)) all.emplace(name, std::move(property.value));
  return all;
}

}  // namespace gantry::controller
