#include "scaling/explanation.h"

#include <algorithm>

namespace gantry::scaling {

std::string_view to_string(Topic topic) {
  switch (topic) {
    case Topic::paused: return "paused";
    case Topic::reading: return "reading";
    case Topic::unknown: return "unknown";
    case Topic::fallback: return "fallback";
    case Topic::activation: return "activation";
    case Topic::cooldown: return "cooldown";
    case Topic::proposal: return "proposal";
    case Topic::tolerance: return "tolerance";
    case Topic::winner: return "winner";
    case Topic::stabilization: return "stabilization";
    case Topic::policy: return "policy";
    case Topic::bounds: return "bounds";
    case Topic::schedule: return "schedule";
    case Topic::decision: break;
  }
  return "decision";
}

bool Explanation::has(Topic topic) const {
  return std::ranges::any_of(lines, [topic](const ExplanationLine& line) { return line.topic == topic; });
}

std::string Explanation::text() const {
  std::string all;
  for (const ExplanationLine& line : lines) {
    all += fmt::format("{}: {}{}\n", to_string(line.topic), line.warning ? "warning: " : "", line.text);
  }
  return all;
}

std::string seconds_text(int64_t duration_ms) {
  const int64_t tenths = (duration_ms + 99) / 100;
  return tenths % 10 == 0 ? fmt::format("{} s", tenths / 10) : fmt::format("{}.{} s", tenths / 10, tenths % 10);
}

}  // namespace gantry::scaling
