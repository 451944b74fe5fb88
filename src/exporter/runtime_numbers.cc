#include "exporter/runtime_numbers.h"

#include <array>
#include <charconv>
#include <cmath>

namespace gantry::exporter {
namespace {

std::optional<double> to_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// Words are separated by any number of blanks; nullopt: there are not so many.
std::optional<std::string_view> nth_word(std::string_view text, std::size_t index) {
  while (true) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return std::nullopt;
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find(' '));
    if (index-- == 0) return word;
    text.remove_prefix(word.size());
  }
}

// "1.5 GiB" in the words `at` and after. Rule: org.apache.rocketmq.common.MixAll.humanReadableByteCount.
std::optional<double> bytes_at(std::string_view text, std::size_t at) {
  const auto number = nth_word(text, at);
  auto unit = nth_word(text, at + 1);
  if (!number || !unit) return std::nullopt;
  const auto value = to_number(*number);
  if (!value) return std::nullopt;
  while (!unit->empty() && (unit->back() == ',' || unit->back() == '.')) unit->remove_suffix(1);
  double factor = 1;
  for (const std::string_view known : std::array<std::string_view, 7>{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}) {
    if (*unit == known) return *value * factor;
    factor *= 1024;
  }
  return std::nullopt;
}

std::optional<double> bucket_in(std::string_view text, std::string_view bucket) {
  const std::string name = "[" + std::string(bucket) + "]:";
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(at + name.size());
  return to_number(rest.substr(0, rest.find(' ')));
}

}  // namespace

std::string_view runtime_text(const Runtime& runtime, std::string_view key) {
  const auto found = runtime.find(std::string(key));
  return found == runtime.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<double> read_runtime(const Runtime& runtime, const RuntimeNumber& number) {
  const std::string_view text = runtime_text(runtime, number.key);
  switch (number.form) {
    case RuntimeForm::number: return to_number(text);
    case RuntimeForm::word: {
      const auto word = nth_word(text, number.index);
      return word ? to_number(*word) : std::nullopt;
    }
    case RuntimeForm::bytes: return bytes_at(text, 0);
    case RuntimeForm::capacity: return bytes_at(text, number.index == 0 ? 2 : 6);  // Total : X GiB, Free : Y GiB.
    case RuntimeForm::bucket: return bucket_in(text, number.bucket);
  }
  return std::nullopt;
}

}  // namespace gantry::exporter
