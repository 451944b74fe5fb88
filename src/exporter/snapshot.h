// All that one cycle has to expose, and the functions that write it: each a few families, so that who has other things
// to do can do them between. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "exporter/rates.h"
#include "exporter/readings.h"
#include "prometheus/text_writer.h"

namespace gantry::exporter {

using prometheus::labels;
using prometheus::SeriesType;
using prometheus::TextWriter;

// A topic on one broker.
struct TopicReading {
  const BrokerFacts* broker = nullptr;
  std::string_view topic;
  const TopicFacts* facts = nullptr;
  std::int64_t min_offset = 0;  // sums over queues
  std::int64_t max_offset = 0;
  std::optional<double> produced_per_second;
};

struct Snapshot {
  const Readings& readings;
  const Config& config;
  std::vector<TopicReading> topics;                                       // whose offsets were read
  std::vector<std::vector<std::optional<double>>> consumed_per_second{};  // by pair, by share

  const std::vector<BrokerFacts>& brokers() const { return readings.facts().brokers; }
};

// `now_ms` by any clock that only goes on.
Snapshot make_snapshot(const Readings& readings, const Config& config, Rates& rates, std::int64_t now_ms);

// Connected producers by cluster, broker and producer group; both families of names have them, each its own.
void write_producer_counts(const Snapshot& snapshot, TextWriter& out, std::string_view name, std::string_view help);

using WriteSeries = void (*)(const Snapshot&, TextWriter&);
std::span<const WriteSeries> clean_series();       // gantry_rocketmq_*: docs/exporter.md
std::span<const WriteSeries> well_known_series();  // rocketmq_*: those of the Apache exporter, with its labels

}  // namespace gantry::exporter
