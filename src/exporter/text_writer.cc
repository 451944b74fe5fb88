#include "exporter/text_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "wire/utf8.h"

namespace gantry::exporter {
namespace {

void append_escaped(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const auto [point, bytes] = wire::next_code_point(text);
    if (point == '\\') {
      out += "\\\\";
    } else if (point == '"') {
      out += "\\\"";
    } else if (point == '\n') {
      out += "\\n";
    } else {
      wire::append_code_point(point, out);
    }
    text.remove_prefix(bytes);
  }
}

}  // namespace

std::string labels(std::initializer_list<Label> pairs) {
  std::string text;
  for (const auto& [name, value] : pairs) {
    if (!text.empty()) text += ',';
    text += name;
    text += "=\"";
    append_escaped(value, text);
    text += '"';
  }
  return text;
}

void TextWriter::family(std::string_view name, SeriesType type, std::string_view help) {
  name_ = name;
  head_ =
      fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type == SeriesType::counter ? "counter" : "gauge");
}

bool TextWriter::begin(std::string_view labels) {
  constexpr std::size_t kNumberBytesMax = 32;
  if (text_.size() + head_.size() + name_.size() + labels.size() + kNumberBytesMax > bytes_max_) {
    ++dropped_;
    return false;
  }
  text_ += head_;
  head_.clear();
  text_ += name_;
  if (!labels.empty()) {
    text_ += '{';
    text_ += labels;
    text_ += '}';
  }
  text_ += ' ';
  ++samples_;
  return true;
}

void TextWriter::put(std::string_view labels, std::int64_t value) {
  if (begin(labels)) fmt::format_to(std::back_inserter(text_), "{}\n", value);
}

void TextWriter::sample(std::string_view labels, double value) {
  if (std::isfinite(value) && begin(labels)) fmt::format_to(std::back_inserter(text_), "{}\n", value);
}

}  // namespace gantry::exporter
