// Values of options that people write: durations, sizes, points in time.
#pragma once

#include <CLI/App.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gantry::cli {

// "5ms", "2s", "1.5m", "1h", "3d", "250us", "1m30s". A number without unit is refused, so that nobody has to guess.
Result<std::chrono::microseconds> parse_duration(std::string_view text);

// Unix time in ms of "now" (-1, which RocketMQ reads as the newest), "earliest" (0), "2026-01-31T12:00:00Z", a number
// of ms since 2001 (Unix seconds would be a day in 1970), or a duration ago: "-10m".
Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_ms);

// A whole number of at least 1; anything else is wrong usage.
CLI::Option* add_count(CLI::App& command, const std::string& name, std::uint64_t& value,
                       const std::string& description);

// An option for the name of a file. An empty one is wrong usage: it is a shell's variable that is not set, and would count as
// an option that was not given.
CLI::Option* add_file(CLI::App& command, const std::string& name, std::string& value, const std::string& description);

// An option whose text is read by parse_duration; a bad one is wrong usage.
CLI::Option* add_duration(CLI::App& command, const std::string& name, std::chrono::microseconds& value,
                          const std::string& description);

// An option for the name of a topic or of a group; one that no broker takes is wrong usage.
CLI::Option* add_topic(CLI::App& command, const std::string& name, std::string& value, const std::string& description);
CLI::Option* add_group(CLI::App& command, const std::string& name, std::string& value, const std::string& description);

}  // namespace gantry::cli
