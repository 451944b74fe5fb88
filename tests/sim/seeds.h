// Which seeds a simulation's test runs, and how many steps each: SEEDS=500 is 1 to 500, SEEDS=7000-8000 those; STEPS=.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace gantry::sim {

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 0;
};

// last: of a run in which the environment says nothing.
inline Seeds seeds(std::uint64_t last) {
  Seeds out{1, last};
  if (const auto* text = std::getenv("SEEDS")) {
    std::string given = text;
    auto dash = given.find('-');
    out.last = std::strtoull(given.c_str() + (dash == std::string::npos ? 0 : dash + 1), nullptr, 10);
    if (dash != std::string::npos) out.first = std::strtoull(given.c_str(), nullptr, 10);
  }
  return out;
}

inline std::uint64_t steps(std::uint64_t usual) {
  const auto* text = std::getenv("STEPS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : usual;
}

}  // namespace gantry::sim
