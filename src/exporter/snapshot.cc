#include "exporter/snapshot.h"

#include <fmt/format.h>

namespace gantry::exporter {

Snapshot make_snapshot(const Readings& readings, const Config& config, Rates& rates, std::int64_t now_ms) {
  Snapshot snapshot{readings, config, {}, {}};
  for (const BrokerFacts& broker : snapshot.brokers()) {
    for (const auto& [name, facts] : broker.topics) {
      if (!facts.queues || name.size() > config.label_bytes_max) continue;
      TopicReading topic{&broker, name, &facts, 0, 0, {}};
      for (const TopicQueue& queue : *facts.queues) {
        topic.min_offset += queue.min_offset;
        topic.max_offset += queue.max_offset;
      }
      topic.produced_per_second = rates.update(fmt::format("{}\n{}", broker.name, name), now_ms, topic.max_offset);
      snapshot.topics.push_back(topic);
    }
  }
  snapshot.consumed_per_second.reserve(readings.pairs().size());
  for (const PairReading& pair : readings.pairs()) {
    auto& of_pair = snapshot.consumed_per_second.emplace_back();
    for (const BrokerShare& share : pair.shares) {
      of_pair.push_back(rates.update(fmt::format("{}\n{}\n{}", share.broker->name, pair.topic, pair.group), now_ms,
                                     share.consumer_offset));
    }
  }
  rates.forget(now_ms);
  return snapshot;
}

void write_producer_counts(const Snapshot& snapshot, TextWriter& out, std::string_view name, std::string_view help) {
  out.family(name, SeriesType::gauge, help);
  for (const BrokerFacts& broker : snapshot.brokers()) {
    if (!broker.producers) continue;
    for (const auto& [group, count] : *broker.producers) {
      if (group.size() > snapshot.config.label_bytes_max) continue;
      out.sample(labels({{"cluster", broker.cluster}, {"broker", broker.name}, {"group", group}}), count);
    }
  }
}

}  // namespace gantry::exporter
