#include "broker/handlers/consume_stats.h"

#include <algorithm>

#include "broker/clients.h"
#include "broker/config.h"
#include "broker/handlers/support.h"
#include "broker/offsets.h"
#include "broker/pops.h"
#include "broker/topics.h"

namespace gantry::broker {

void add_consume_stats(BrokerContext& broker, const std::string& group, const std::string& topic,
                       wire::ConsumeStats& stats) {
  Topic* found = broker.topics.find(topic);
  if (found == nullptr) return;
  const auto* state = broker.clients.consumers().find(group);
  if (state != nullptr && !state->subscriptions.empty() && !state->subscriptions.contains(topic)) return;
  bool pops = false;
  for (std::int32_t id = 0; id < found->config.read_queue_nums && !pops; ++id)
    pops = broker.pops.in_flight({group, topic, id}).has_value();
  for (std::int32_t id = 0; id < found->config.read_queue_nums; ++id) {
    wire::OffsetWrapper offset;
    offset.broker_offset = max_offset(broker, *found, id);
    offset.consumer_offset = broker.offsets.find(group, topic, id).value_or(0);
    offset.pull_offset = broker.offsets.find_pulled(group, topic, id).value_or(0);
    offset.last_timestamp_ms = store_time_ms(broker, *found, id, offset.consumer_offset - 1).value_or(0);
    const Pops::Key key{group, topic, id};
    if (const auto in_flight = broker.pops.in_flight(key)) {
      offset.pop_in_flight = in_flight;
      const std::int64_t next = broker.pops.next_offset(key).value_or(offset.broker_offset);
      offset.pop_ready =
          std::max<std::int64_t>(0, offset.broker_offset - std::max(next, min_offset(broker, *found, id)));
    } else if (pops && offset.broker_offset == 0) {  // nothing was ever in this queue for the group to take
      offset.pop_in_flight = offset.pop_ready = 0;
    }
    stats.offset_table.emplace(wire::MessageQueue{broker.config.broker_name, id, topic}, offset);
  }
}

}  // namespace gantry::broker
