// Rates of numbers that only grow (offsets), from cycle to cycle: over the last half to whole window, as soon as there
// was so long; before that over what there was, and nothing at all with one sample. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace gantry::exporter {

class Rates {
 public:
  explicit Rates(std::int64_t window_ms) : window_ms_(window_ms) {}

  // A second. now_ms: any clock that only goes on. A number that shrank (offsets were reset) begins anew.
  std::optional<double> update(const std::string& key, std::int64_t now_ms, std::int64_t value);
  // Forgets what has not been updated for two windows.
  void forget(std::int64_t now_ms);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Sample {
    std::int64_t at_ms = 0;
    std::int64_t value = 0;
  };
  struct Entry {
    Sample base;  // what the rate is measured from
    Sample next;  // the base to come
    Sample last;
  };

  std::int64_t window_ms_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace gantry::exporter
