#include "cli/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <map>

#include "base/json_text.h"

namespace gantry::cli {
namespace {

namespace json = boost::json;

bool is_number(std::string_view text) {
  if (text.empty() || text == "-") return text == "-";
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) || c == '.' || c == '-'; });
}

// A plain scalar that YAML would not take as a string, or that would end it.
bool needs_quotes(std::string_view text) {
  if (text.empty() || is_number(text) || text == "true" || text == "false" || text == "null" || text == "~" ||
      text == "yes" || text == "no" || text == "on" || text == "off") {
    return true;
  }
  if (text.front() == ' ' || text.back() == ' ' ||
      std::string_view("-?:,[]{}#&*!|>'\"%@`").find(text.front()) != std::string_view::npos) {
    return true;
  }
  return text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos || text.back() == ':' ||
         std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; });
}

std::string yaml_scalar(const json::value& value) {
  if (value.is_string()) {
    const std::string_view text = value.as_string();
    return needs_quotes(text) ? json_text(value) : std::string(text);  // JSON strings are YAML strings
  }
  return json_text(value);
}

bool is_block(const json::value& value) {
  return (value.is_object() && !value.as_object().empty()) || (value.is_array() && !value.as_array().empty());
}

void write_yaml(const json::value& value, std::size_t indent, bool after_dash, std::string& out) {
  bool first = after_dash;  // the first member stands on the line of its dash
  auto begin_line = [&] {
    if (!first) out.append(indent, ' ');
    first = false;
  };
  if (value.is_object() && is_block(value)) {
    for (const auto& [name, member] : value.as_object()) {
      begin_line();
      out += yaml_scalar(json::value(name)) + ":";
      if (is_block(member)) {
        out += "\n";
        write_yaml(member, indent + 2, false, out);
      } else {
        out += " " + yaml_scalar(member) + "\n";
      }
    }
  } else if (value.is_array() && is_block(value)) {
    for (const json::value& item : value.as_array()) {
      begin_line();
      out += "- ";
      write_yaml(item, indent + 2, true, out);
    }
  } else {
    begin_line();
    out += yaml_scalar(value) + "\n";
  }
}

}  // namespace

void add_output_option(CLI::App& command, Format& format) {
  static const std::map<std::string, Format> kFormats = {
      {"table", Format::table}, {"json", Format::json}, {"yaml", Format::yaml}};
  command
      .add_option_function<std::string>(
          "--output,-o", [&format](const std::string& name) { format = kFormats.at(name); }, "table, json or yaml")
      ->check(CLI::IsMember({"table", "json", "yaml"}))
      ->type_name("FORMAT");
}

std::string to_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    widths.resize(std::max(widths.size(), rows[r].size()), 0);
    right.resize(widths.size(), true);
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      widths[c] = std::max(widths[c], rows[r][c].size());
      if (r > 0 && !is_number(rows[r][c])) right[c] = false;
    }
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c > 0) line += "  ";
      line += right[c] && rows.size() > 1 ? fmt::format("{:>{}}", row[c], widths[c])
                                          : fmt::format("{:<{}}", row[c], widths[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string to_yaml(const json::value& value) {
  std::string out;
  write_yaml(value, 0, false, out);
  return out;
}

std::string to_cell(const json::value& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return std::string(value.as_string());
  return json_text(value);
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void print_error(std::string_view text) {
  std::fprintf(stderr, "gantry: %.*s\n", static_cast<int>(text.size()), text.data());
}

void print_list(const json::array& list, const std::vector<std::string_view>& columns, Format format) {
  if (format == Format::json) return print(json_text(list) + "\n");
  if (format == Format::yaml) return print(to_yaml(list));
  std::vector<std::vector<std::string>> rows(1);
  for (std::string_view column : columns) {
    std::string heading(column);
    for (char& c : heading) c = c == '_' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    rows.front().push_back(std::move(heading));
  }
  for (const json::value& item : list) {
    auto& row = rows.emplace_back();
    for (std::string_view column : columns) {
      const json::value* cell = item.is_object() ? item.as_object().if_contains(column) : nullptr;
      row.push_back(cell == nullptr ? "-" : to_cell(*cell));
    }
  }
  print(to_table(rows));
}

void print_object(const json::object& object, Format format) {
  if (format == Format::json) return print(json_text(object) + "\n");
  if (format == Format::yaml) return print(to_yaml(object));
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : object) rows.push_back({std::string(name), to_cell(value)});
  print(to_table(rows));
}

}  // namespace gantry::cli
