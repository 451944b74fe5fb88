// GET_CONSUME_STATS (208). Rule: AdminBrokerProcessor.getConsumeStats.
#include "broker/handlers/consume_stats.h"
#include "broker/handlers/handlers.h"
#include "broker/offsets.h"
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
  for (const std::string& topic : asked_topics(broker, *header))
    add_consume_stats(broker, header->consumer_group, topic, stats);
  if (header->topic && !header->topic->empty()) add_retries(broker, header->consumer_group, *header->topic, stats);
  send_body(request.reply, wire::encode_body(stats));
}

}  // namespace gantry::broker
