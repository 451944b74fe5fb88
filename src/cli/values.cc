#include "cli/values.h"

#include <charconv>
#include <ctime>

namespace gantry::cli {

Result<std::chrono::microseconds> parse_duration(std::string_view text) {
  double number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  double scale = 0;
  if (unit == "us") scale = 1;
  if (unit == "ms") scale = 1e3;
  if (unit == "s") scale = 1e6;
  if (unit == "m") scale = 60e6;
  if (unit == "h") scale = 3600e6;
  constexpr double kMax = 365.0 * 24 * 3600e6;
  if (error != std::errc{} || scale == 0 || !(number >= 0) || number * scale > kMax) {
    return fail(Errc::invalid_argument, "expected a duration such as 5ms, 2s or 1m, got \"{}\"", text);
  }
  return std::chrono::microseconds(static_cast<std::int64_t>(number * scale));
}

Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_ms) {
  if (text == "now" || text == "latest") return -1;
  if (text == "earliest") return 0;
  if (text.starts_with('-')) {
    auto ago = parse_duration(text.substr(1));
    if (ago) return now_ms - ago->count() / 1000;
  }
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && number >= 0) return number;
  std::tm date{};
  const std::string copy(text);
  const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &date);
  if (rest != nullptr && (std::string_view(rest) == "Z" || *rest == '\0')) {
    return static_cast<std::int64_t>(*rest == 'Z' ? timegm(&date) : mktime(&date)) * 1000;
  }
  return fail(Errc::invalid_argument,
              "expected now, earliest, a time such as 2026-01-31T12:00:00Z, -10m, or Unix ms, got \"{}\"", text);
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

}  // namespace gantry::cli
