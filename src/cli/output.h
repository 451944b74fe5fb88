// What commands print: a value that is shown as a table, as JSON or as YAML, as -o asks for.
#pragma once

#include <CLI/App.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::cli {

enum class Format { table, json, yaml };

// -o, --output table|json|yaml
void add_output_option(CLI::App& command, Format& format);

// Columns of equal width, left aligned, numbers right aligned; the first row is the heading.
std::string to_table(const std::vector<std::vector<std::string>>& rows);
// Block style YAML of a JSON value. Strings are quoted where a plain one would be read as something else.
std::string to_yaml(const boost::json::value& value);
// What a table shows of a value: text without quotes, "-" for null.
std::string to_cell(const boost::json::value& value);

// A list of objects: the table shows the members named by `columns`, as headings in capitals.
void print_list(const boost::json::array& list, const std::vector<std::string_view>& columns, Format format);
// One object: the table shows a line a member.
void print_object(const boost::json::object& object, Format format);
// Writes text to standard output and flushes.
void print(std::string_view text);
// "gantry: <text>" as a line on standard error.
void print_error(std::string_view text);

}  // namespace gantry::cli
