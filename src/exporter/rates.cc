#include "exporter/rates.h"

namespace gantry::exporter {

std::optional<double> Rates::update(const std::string& key, std::int64_t now_ms, std::int64_t value) {
  const Sample now{now_ms, value};
  const auto [found, first] = entries_.try_emplace(key, Entry{now, now, now});
  Entry& entry = found->second;
  if (first || value < entry.last.value || now_ms <= entry.base.at_ms) {
    entry = Entry{now, now, now};
    return std::nullopt;
  }
  entry.last = now;
  const double grown = static_cast<double>(value - entry.base.value);
  const double rate = grown * 1000.0 / static_cast<double>(now_ms - entry.base.at_ms);
  if (now_ms - entry.next.at_ms >= window_ms_ / 2) {
    entry.base = entry.next;
    entry.next = now;
  }
  return rate;
}

void Rates::forget(std::int64_t now_ms) {
  std::erase_if(entries_, [&](const auto& item) { return now_ms - item.second.last.at_ms > 2 * window_ms_; });
}

}  // namespace gantry::exporter
