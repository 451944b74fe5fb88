#include "prometheus/text_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "wire/utf8.h"

namespace gantry::prometheus {
namespace {

constexpr std::size_t kNumberBytesMax = 32;

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
  static constexpr const char* kTypes[] = {"gauge", "counter", "histogram"};
  head_ = fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, kTypes[static_cast<int>(type)]);
}

bool TextWriter::begin(std::string_view labels, std::string_view suffix) {
  if (text_.size() + head_.size() + name_.size() + suffix.size() + labels.size() + kNumberBytesMax > bytes_max_) {
    ++dropped_;
    return false;
  }
  text_ += head_;
  head_.clear();
  text_ += name_;
  text_ += suffix;
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

void TextWriter::put_histogram(std::string_view labels, const std::vector<std::uint64_t>& counts, std::uint64_t sum_us,
                               double unit_us) {
  constexpr std::size_t kExtraBytesMax = 32;  // _bucket, le="..."
  const std::size_t lines = counts.size() + 2;
  const std::size_t line_bytes = name_.size() + labels.size() + kNumberBytesMax + kExtraBytesMax;
  if (text_.size() + head_.size() + lines * line_bytes > bytes_max_) {
    dropped_ += lines;
    return;
  }
  const std::string comma = labels.empty() ? "" : ",";
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    below += counts[i];
    const std::string bound =
        i < kLatencyBoundsUs.size() ? fmt::format("{}", kLatencyBoundsUs[i] / unit_us) : std::string("+Inf");
    begin(fmt::format("{}{}le=\"{}\"", labels, comma, bound), "_bucket");
    fmt::format_to(std::back_inserter(text_), "{}\n", below);
  }
  begin(labels, "_sum");
  fmt::format_to(std::back_inserter(text_), "{}\n", static_cast<double>(sum_us) / unit_us);
  begin(labels, "_count");
  fmt::format_to(std::back_inserter(text_), "{}\n", below);
}

}  // namespace gantry::prometheus
