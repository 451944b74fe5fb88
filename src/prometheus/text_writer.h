// The text that Prometheus scrapes. Rule: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "prometheus/histogram.h"

namespace gantry::prometheus {

inline constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

enum class SeriesType { gauge, counter, histogram };

// cluster="c",topic="t": values escaped, bytes that are not UTF-8 as U+FFFD.
using Label = std::pair<std::string_view, std::string_view>;
std::string labels(std::initializer_list<Label> pairs);

class TextWriter {
 public:
  explicit TextWriter(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Begins a family; HELP and TYPE are written with its first sample, so a family without samples leaves no trace.
  void family(std::string_view name, SeriesType type, std::string_view help);

  // `labels`: as labels() makes them, empty for none. A number that is not finite is left out. Beyond bytes_max samples
  // are dropped, and counted.
  template <std::integral Int>
  void sample(std::string_view labels, Int value) {
    put(labels, static_cast<std::int64_t>(value));
  }
  void sample(std::string_view labels, double value);

  // _bucket, _sum and _count of a family of type histogram; whole or not at all. The numbers are divided by `unit_us`:
  // 1 writes microseconds, 1'000'000 seconds.
  template <class Count>
  void histogram(std::string_view labels, const LatencyHistogram<Count>& values, double unit_us) {
    std::vector<std::uint64_t> counts(LatencyHistogram<Count>::kPlaces);
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = values.count(i);
    put_histogram(labels, counts, values.sum_us(), unit_us);
  }

  std::size_t samples() const { return samples_; }
  std::size_t dropped() const { return dropped_; }
  std::size_t size() const { return text_.size(); }
  std::string take() { return std::move(text_); }

 private:
  void put(std::string_view labels, std::int64_t value);
  void put_histogram(std::string_view labels, const std::vector<std::uint64_t>& counts, std::uint64_t sum_us,
                     double unit_us);
  bool begin(std::string_view labels, std::string_view suffix = {});  // false: no room is left

  std::size_t bytes_max_;
  std::string text_;
  std::string name_;
  std::string head_;  // HELP and TYPE, until they are written
  std::size_t samples_ = 0;
  std::size_t dropped_ = 0;
};

}  // namespace gantry::prometheus
