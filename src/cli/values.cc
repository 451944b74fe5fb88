#include "cli/values.h"

#include <charconv>
#include <ctime>
#include <optional>

#include "base/parse_number.h"
#include "queueing/topic_names.h"

namespace gantry::cli {

namespace {

// Takes the longest number with a unit from the front; nullopt: there is none.
std::optional<double> take_microseconds(std::string_view& text) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {{"us", 1},   {"ms", 1e3},   {"s", 1e6},
                                                                   {"m", 60e6}, {"h", 3600e6}, {"d", 24 * 3600e6}};
  double number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !(number >= 0)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  for (const auto& [unit, scale] : kUnits) {
    if (!text.starts_with(unit)) continue;
    text.remove_prefix(unit.size());
    return number * scale;
  }
  return std::nullopt;
}

CLI::Option* add_name(CLI::App& command, const std::string& name, std::string& value, const std::string& description,
                      std::string_view noun, bool (*is_valid)(std::string_view), int characters_max) {
  return command.add_option(name, value, description)->check([=](const std::string& text) -> std::string {
    if (is_valid(text)) return "";
    return fmt::format("\"{}\" is no {}: letters, digits, '-', '_', '%' and '|', at most {}", text, noun,
                       characters_max);
  });
}

}  // namespace

Result<std::chrono::microseconds> parse_duration(std::string_view text) {
  constexpr double kMax = 365.0 * 24 * 3600e6;
  std::string_view rest = text;
  double total = 0;
  bool whole = !rest.empty();
  while (whole && !rest.empty()) {
    const auto part = take_microseconds(rest);
    whole = part.has_value();
    total += part.value_or(0);
  }
  if (!whole || total > kMax)
    return fail(Errc::invalid_argument, "expected a duration such as 5ms, 2s or 1m30s, got \"{}\"", text);
  return std::chrono::microseconds(static_cast<std::int64_t>(total));
}

Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_ms) {
  if (text == "now" || text == "latest") return -1;
  if (text == "earliest") return 0;
  if (text.starts_with('-')) {
    auto ago = parse_duration(text.substr(1));
    if (ago) return now_ms - ago->count() / 1000;
  }
  const auto number = parse_number<std::int64_t>(text);
  constexpr std::int64_t kYear2001Ms = 978'307'200'000;
  if (number.value_or(-1) >= 0) {
    if (*number == 0 || *number >= kYear2001Ms) return *number;
    return fail(Errc::invalid_argument, "{} ms is in the year {}: Unix time in ms has 13 digits today{}", *number,
                1970 + *number / (365LL * 24 * 3600 * 1000),
                *number >= kYear2001Ms / 1000 ? "; this may be in seconds" : "");
  }
  std::tm date{};
  const std::string copy(text);
  const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &date);
  if (rest != nullptr && (std::string_view(rest) == "Z" || *rest == '\0')) {
    return static_cast<std::int64_t>(*rest == 'Z' ? timegm(&date) : mktime(&date)) * 1000;
  }
  return fail(Errc::invalid_argument,
              "expected now, earliest, a time such as 2026-01-31T12:00:00Z, -10m, or Unix ms, got \"{}\"", text);
}

CLI::Option* add_count(CLI::App& command, const std::string& name, std::uint64_t& value,
                       const std::string& description) {
  return command
      .add_option_function<std::string>(
          name,
          [&value, name](const std::string& text) {
            const auto number = parse_number<std::uint64_t>(text);
            if (number.value_or(0) == 0)
              throw CLI::ValidationError(name, fmt::format("expected a whole number of at least 1, got \"{}\"", text));
            value = *number;
          },
          description)
      ->type_name("COUNT");
}

CLI::Option* add_file(CLI::App& command, const std::string& name, std::string& value, const std::string& description) {
  return command.add_option(name, value, description)->check([](const std::string& text) -> std::string {
    return text.empty() ? "the name of a file is expected, got nothing (a variable that is not set?)" : "";
  });
}

CLI::Option* add_duration(CLI::App& command, const std::string& name, std::chrono::microseconds& value,
                          const std::string& description) {
  return command
      .add_option_function<std::string>(
          name,
          [&value, name](const std::string& text) {
            auto parsed = parse_duration(text);
            if (!parsed) throw CLI::ValidationError(name, parsed.error().message);
            value = *parsed;
          },
          description)
      ->type_name("DURATION");
}

CLI::Option* add_topic(CLI::App& command, const std::string& name, std::string& value, const std::string& description) {
  return add_name(command, name, value, description, "topic", queueing::is_valid_topic, 127);
}

CLI::Option* add_group(CLI::App& command, const std::string& name, std::string& value, const std::string& description) {
  return add_name(command, name, value, description, "group", queueing::is_valid_group, 255);
}

}  // namespace gantry::cli
