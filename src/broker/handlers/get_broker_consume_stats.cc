// GET_BROKER_CONSUME_STATS (317): where every group stands in every topic that it committed an offset of.
// Rule: AdminBrokerProcessor.fetchAllConsumeStatsInBroker.
#include <algorithm>

#include "broker/groups.h"
#include "broker/handlers/consume_stats.h"
#include "broker/handlers/handlers.h"
#include "broker/offsets.h"
#include "broker/topics.h"

namespace gantry::broker {

void handle_get_broker_consume_stats(BrokerContext& broker, remoting::Request request) {
  const bool only_ordered = request.command.fields.get("isOrder") == "true";
  wire::ConsumeStatsList list;
  list.broker_addr = broker.address;
  for (const auto& [group, config] : broker.groups.all()) {
    std::vector<wire::ConsumeStats> of_topics;
    for (const std::string& name : broker.offsets.topics_of(group)) {
      const Topic* topic = broker.topics.find(name);
      if (topic == nullptr || (only_ordered && !topic->config.order)) continue;
      wire::ConsumeStats stats;
      add_consume_stats(broker, group, name, stats);
      if (stats.offset_table.empty()) continue;
      for (const auto& [queue, offset] : stats.offset_table) {
        list.total_diff += offset.broker_offset - offset.consumer_offset;
        list.total_inflight_diff += std::max<std::int64_t>(0, offset.pull_offset - offset.consumer_offset);
      }
      of_topics.push_back(std::move(stats));
    }
    std::map<std::string, std::vector<wire::ConsumeStats>> of_group;
    of_group.emplace(group, std::move(of_topics));
    list.consume_stats_list.push_back(std::move(of_group));
  }
  send_body(request.reply, wire::encode_body(list));
}

}  // namespace gantry::broker
