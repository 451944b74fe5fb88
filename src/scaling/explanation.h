// Why the replica count is what it is, line by line. Each line has a topic for programs (and for colours on the page)
// and a sentence for people; `gantry explain` prints the sentences in order.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::scaling {

enum class Topic {
  paused,         // an annotation holds scaling, wholly or in one direction
  reading,        // a metric's value, its target and whether it activates
  unknown,        // a metric could not be read, and what that holds back
  fallback,       // what an unreadable metric counts as
  activation,     // to and from zero (or idle): active or not
  cooldown,       // how long until an inactive target goes to zero (or idle)
  proposal,       // replicas for one metric
  tolerance,      // the metric is close enough to its target to change nothing
  winner,         // the proposal that counts
  stabilization,  // recent recommendations hold the count
  policy,         // the rate of change is limited
  bounds,         // minimum or maximum replicas
  schedule,       // when the HPA looks again
  decision,       // the outcome
};

std::string_view to_string(Topic topic);

struct ExplanationLine {
  Topic topic = Topic::decision;
  bool warning = false;
  std::string text;

  bool operator==(const ExplanationLine&) const = default;
};

struct Explanation {
  std::vector<ExplanationLine> lines;

  bool operator==(const Explanation&) const = default;

  template <class... Args>
  void say(Topic topic, fmt::format_string<Args...> text, Args&&... args) {
    lines.push_back({topic, false, fmt::format(text, std::forward<Args>(args)...)});
  }
  template <class... Args>
  void warn(Topic topic, fmt::format_string<Args...> text, Args&&... args) {
    lines.push_back({topic, true, fmt::format(text, std::forward<Args>(args)...)});
  }
  void append(const Explanation& other) { lines.insert(lines.end(), other.lines.begin(), other.lines.end()); }

  bool has(Topic topic) const;

  // "cooldown: 12 s of 60 s left", one line each, warnings marked.
  std::string text() const;
};

// "12 s", "1.5 s": a duration as explanations write it. Rounded up to a tenth, so that time left is never "0 s" too
// soon.
std::string seconds_text(int64_t duration_ms);

}  // namespace gantry::scaling
