#include "broker/handlers/consume_stats.h"

#include <algorithm>

#include "broker/clients.h"
#include "broker/config.h"
#include "broker/handlers/support.h"
#include "broker/offsets.h"
#include "broker/pops.h"
#include "broker/topics.h"
#include "queueing/topic_names.h"
#include "wire/pop_receipt.h"

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

void add_retries(BrokerContext& broker, const std::string& group, const std::string& topic, wire::ConsumeStats& stats) {
  const auto* state = broker.clients.consumers().find(group);
  const bool nobody = state == nullptr || state->members.empty();
  std::int64_t messages = 0, ready = 0;
  // Whose a topic is: lag/rocketmq_lag.h.
  const auto add = [&](const std::string& name, bool only_if_committed) {
    Topic* retries = broker.topics.find(name);
    bool ours = retries != nullptr && !only_if_committed;
    for (std::int32_t id = 0; retries != nullptr && id < retries->queue_count(); ++id) {
      const auto committed = broker.offsets.find(group, name, id);
      if (only_if_committed && !committed) continue;
      ours = true;
      const std::int64_t end = max_offset(broker, *retries, id), begin = min_offset(broker, *retries, id);
      const std::int64_t from = std::max(begin, committed.value_or(0));
      std::int64_t taken = nobody ? from : broker.offsets.find_pulled(group, name, id).value_or(from);
      const Pops::Key key{group, name, id};
      if (broker.pops.in_flight(key)) taken = broker.pops.next_offset(key).value_or(end);
      messages += std::max<std::int64_t>(0, end - from);
      ready += std::max<std::int64_t>(0, end - std::max(from, taken));
    }
    return ours;
  };
  add(queueing::retry_topic(group), false);
  stats.group_retry_messages = messages;
  stats.group_retry_ready = ready;
  const bool v1 = add(wire::pop_retry_topic_v1(topic, group), true);
  const bool v2 = add(wire::pop_retry_topic_v2(topic, group), false);
  stats.retry_messages = messages;
  stats.retry_ready = ready;
  stats.retry_of_pop = v1 || v2;
}

}  // namespace gantry::broker
