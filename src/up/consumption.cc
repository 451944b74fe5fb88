#include "up/consumption.h"

#include <algorithm>

namespace gantry::up {

std::optional<std::int64_t> Consumption::update(const std::vector<lag::LagQuery>& watched,
                                                const std::vector<Result<lag::LagReading>>& readings) {
  bool known = true;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const std::string pair = fmt::format("{}\n{}", watched[i].topic, watched[i].group);
    if (readings[i]) {
      known = update_group(pair, *readings[i]) && known;
    } else {
      if (readings[i].error().code == Errc::not_found) unborn_.insert(pair);
      known = false;
    }
  }
  if (!known) return std::nullopt;
  std::int64_t total = 0;
  for (const auto& [key, queue] : queues_) total += queue.consumed;
  return total;
}

// Whether all of the group's queues are known.
bool Consumption::update_group(const std::string& pair, const lag::LagReading& reading) {
  bool known = reading.lag.has_value();  // else queues may be missing: those of a broker that is away
  for (const lag::QueueReading& queue : reading.queues) {
    const std::string key = fmt::format("{}\n{}\n{}", pair, queue.broker, queue.queue_id);
    if (queue.never_committed) {
      // it will begin at the first message that counts as waiting
      if (queue.broker_offset && queue.lag) queues_.try_emplace(key, Queue{*queue.broker_offset - *queue.lag});
      continue;
    }
    if (!queue.consumer_offset) {
      known = false;
      continue;
    }
    // a queue that came into being while we watched starts at 0; one that was there before, at where the group stood
    const std::int64_t first = new_broker_ || unborn_.contains(pair) ? 0 : *queue.consumer_offset;
    Queue& counted = queues_.try_emplace(key, Queue{first}).first->second;
    counted.consumed = std::max(counted.consumed, *queue.consumer_offset - counted.first);
  }
  return known;
}

}  // namespace gantry::up
