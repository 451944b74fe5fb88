// GET_CONSUME_STATS (208). Rule: AdminBrokerProcessor.getConsumeStats.
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "broker/pops.h"
#include "wire/bodies/stats.h"
#include "wire/headers/admin.h"

namespace gantry::broker {

namespace {

std::vector<std::string> asked_topics(BrokerContext& broker, const wire::GetConsumeStatsRequestHeader& header) {
  if (header.topic && !header.topic->empty()) return {*header.topic};
  std::vector<std::string> topics;
  std::string_view rest = header.topic_list ? std::string_view(*header.topic_list) : std::string_view();
  while (!rest.empty()) {
    const std::size_t end = rest.find(';');
    if (end != 0) topics.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return topics.empty() ? broker.offsets.topics_of(header.consumer_group) : topics;
}

}  // namespace

void handle_get_consume_stats(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::GetConsumeStatsRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  wire::ConsumeStats stats;
  for (const std::string& name : asked_topics(broker, *header)) {
    Topic* topic = broker.topics.find(name);
    if (topic == nullptr) continue;
    const auto* group = broker.clients.consumers().find(header->consumer_group);
    if (group != nullptr && !group->subscriptions.empty() && !group->subscriptions.contains(name))
      continue;  // no longer subscribed
    for (std::int32_t id = 0; id < topic->config.read_queue_nums; ++id) {
      wire::OffsetWrapper offset;
      offset.broker_offset = max_offset(broker, *topic, id);
      offset.consumer_offset = broker.offsets.find(header->consumer_group, name, id).value_or(0);
      offset.pull_offset = broker.offsets.find_pulled(header->consumer_group, name, id).value_or(0);
      offset.last_timestamp_ms = store_time_ms(broker, *topic, id, offset.consumer_offset - 1).value_or(0);
      const Pops::Key key{header->consumer_group, name, id};
      if (const auto in_flight = broker.pops.in_flight(key)) {
        offset.pop_in_flight = *in_flight;
        offset.pop_ready = std::max<std::int64_t>(
            0, offset.broker_offset - broker.pops.next_offset(key).value_or(offset.broker_offset));
      }
      stats.offset_table.emplace(wire::MessageQueue{broker.config.broker_name, id, name}, offset);
    }
  }
  send_body(request.reply, wire::encode_body(stats));
}

}  // namespace gantry::broker
