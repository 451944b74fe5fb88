#include "queueing/delay_levels.h"

#include <algorithm>
#include <charconv>

namespace gantry::queueing {
namespace {

constexpr std::size_t kLevelsMax = 64;
constexpr std::int64_t kDelayMsMax = 366LL * 24 * 3600 * 1000;
constexpr int kFirstRetryLevel = 3;

Result<std::int64_t> parse_delay(std::string_view word) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(word.data() + word.size() - end));
  std::int64_t unit_ms = 0;
  if (unit == "s") unit_ms = 1'000;
  if (unit == "m") unit_ms = 60'000;
  if (unit == "h") unit_ms = 3'600'000;
  if (unit == "d") unit_ms = 86'400'000;
  if (error != std::errc{} || unit_ms == 0 || number <= 0 || number > kDelayMsMax / unit_ms) {
    return fail(Errc::invalid_argument, "delay level \"{}\": expected a positive number and s, m, h or d, as in 10s",
                word);
  }
  return number * unit_ms;
}

}  // namespace

Result<DelayLevels> DelayLevels::parse(std::string_view text) {
  DelayLevels levels;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) {
      auto delay = parse_delay(text.substr(0, end));
      if (!delay) return std::unexpected(delay.error());
      levels.delays_ms_.push_back(*delay);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (levels.delays_ms_.empty() || levels.delays_ms_.size() > kLevelsMax) {
    return fail(Errc::invalid_argument, "delay levels: expected 1 to {} of them, got {}", kLevelsMax,
                levels.delays_ms_.size());
  }
  return levels;
}

DelayLevels DelayLevels::defaults() { return parse(kDefault).value(); }

std::int64_t DelayLevels::delay_ms(int level) const {
  if (level <= 0) return 0;
  return delays_ms_[static_cast<std::size_t>(std::min(level, max_level()) - 1)];
}

int DelayLevels::retry_level(int asked, int reconsume_times) const {
  const int level = asked > 0 ? asked : kFirstRetryLevel + std::clamp(reconsume_times, 0, max_level());
  return std::min(level, max_level());
}

SendBack send_back_verdict(int asked_delay_level, int reconsume_times, int max_reconsume_times) {
  return asked_delay_level < 0 || reconsume_times >= max_reconsume_times ? SendBack::dead_letter : SendBack::retry;
}

}  // namespace gantry::queueing
